using Mesh.Operations;
using Mesh.Operations.Grammar;
using Mesh.Pbm.Rendering;

namespace Mesh.Pbm.Connection;

/// <summary>
/// A host's palette as a terminal and a shell may have it: help shows its texts, and completion puts its words into the operator's
/// own command line.
/// </summary>
internal static class SafePalette
{
    /// <exception cref="FormatException">A name or a choice is no plain word.</exception>
    public static CommandPalette Of(CommandPalette palette) => palette with
    {
        Name = Name(palette.Name),
        Description = SafeText.OneLine(palette.Description),
        Commands = [.. palette.Commands.Select(Of)],
    };

    private static CommandDefinition Of(CommandDefinition command) => command with
    {
        Name = Name(command.Name),
        Description = SafeText.OneLine(command.Description),
        Arguments = [.. command.Arguments.Select(Of)],
    };

    private static CommandArgument Of(CommandArgument argument) => argument with
    {
        Name = Name(argument.Name),
        Description = SafeText.OneLine(argument.Description),
        Default = argument.Default is { } value ? SafeText.OneLine(value) : null,
        Choices = [.. argument.Choices.Select(Choice)],
        Completes = [.. argument.Completes.Where(PaletteRules.IsName)],
    };

    private static string Name(string name) => PaletteRules.IsName(name) ? name : throw new FormatException($"'{name}' is no name");

    private static string Choice(string choice) => PaletteRules.IsChoice(choice) ? choice : throw new FormatException($"'{choice}' is no plain value");
}
