using System.Collections.Immutable;
using System.Text;

namespace Mesh.Operations.Grammar;

/// <summary>What <c>help</c> answers, made from the palettes.</summary>
public static class HelpText
{
    public static string Of(IReadOnlyList<CommandPalette> palettes) =>
        Section("Palettes", palettes.Select(palette => (palette.Name, palette.Description)))
        + $"\n'{CommandGrammar.HelpWord} PALETTE' tells its commands, '{CommandGrammar.HelpWord} PALETTE COMMAND' all about one.\n";

    public static string Of(CommandPalette palette) =>
        $"{palette.Name}: {palette.Description}\n\n" + Section("Commands", palette.Commands.Select(command => (Words(command), command.Description)));

    public static string Of(CommandPalette palette, CommandDefinition command)
    {
        var text = new StringBuilder($"{palette.Name} {command.Name}: {command.Description}\n\nUsage: {Usage(palette, command)}\n");
        var positional = command.Arguments.Where(argument => argument.Kind == ArgumentKind.Positional).ToImmutableArray();
        if (positional.Length > 0)
            text.Append('\n').Append(Section("Values", positional.Select(argument => ($"<{argument.Name}>", Meaning(argument)))));
        if (positional.Length < command.Arguments.Length)
            text.Append('\n').Append(Section("Options", command.Arguments.Except(positional).Select(argument => (OptionWords(argument), Meaning(argument)))));
        if (command.Arguments.FirstOrDefault(argument => argument.Name == command.ChangesWith) is { } cause)
            text.Append($"\nWith {OptionWords(cause)} it changes something: each such call is written to the host's audit log.\n");
        else if (command.Changes || command.IsDestructive)
            text.Append("\nIt changes something: each call is written to the host's audit log.\n");
        if (command.IsDestructive)
            text.Append("It asks first; --yes answers for a script.\n");
        if (command.IsEndless)
            text.Append("\nIt answers until it is stopped, with Ctrl-C.\n");
        return text.ToString();
    }

    /// <summary>E.g. "cluster down &lt;address&gt; [--force]".</summary>
    public static string Usage(CommandPalette palette, CommandDefinition command) => $"{palette.Name} {Words(command)}";

    private static string Words(CommandDefinition command) =>
        string.Join(' ', (string[])[command.Name, .. command.Arguments.Select(argument => argument.IsRequired ? OptionWords(argument) : $"[{OptionWords(argument)}]")]);

    private static string OptionWords(CommandArgument argument) => argument.Kind switch
    {
        ArgumentKind.Positional => $"<{argument.Name}>",
        ArgumentKind.Switch => $"--{argument.Name}",
        _ when argument.Choices.Length is > 0 and <= 5 => $"--{argument.Name} {string.Join('|', argument.Choices)}",
        _ => $"--{argument.Name} {argument.Name.ToUpperInvariant()}",
    };

    private static string Meaning(CommandArgument argument) => string.Concat(
        argument.Description,
        argument.Choices.Length > 0 ? $": {string.Join(", ", argument.Choices)}" : "",
        argument.Default is { } value ? $" (default {value})" : "");

    private static string Section(string title, IEnumerable<(string Name, string Description)> entries)
    {
        var all = entries.ToList();
        // A long name has its description on the next line, so that it does not push all the others away.
        var width = all.Select(entry => entry.Name.Length).Where(length => length <= 40).DefaultIfEmpty(0).Max() + 2;
        var lines = all.Select(entry => entry.Name.Length <= width - 2
            ? $"  {entry.Name.PadRight(width)}{entry.Description}\n"
            : $"  {entry.Name}\n  {new string(' ', width)}{entry.Description}\n");
        return $"{title}:\n{string.Concat(lines)}";
    }
}
