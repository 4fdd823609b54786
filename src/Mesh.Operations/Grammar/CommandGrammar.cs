using System.Collections.Immutable;

namespace Mesh.Operations.Grammar;

/// <summary>
/// Reads <c>PALETTE COMMAND [VALUE…] [--option VALUE] [--option=VALUE] [--switch]</c>, and <c>help [PALETTE [COMMAND]]</c>. Options
/// stand anywhere behind the command; behind <c>--</c> everything is a value. Pure: knows only the palettes.
/// </summary>
public static class CommandGrammar
{
    public const string HelpWord = "help";

    public static CommandReading Read(IReadOnlyList<string> words, IReadOnlyList<CommandPalette> palettes)
    {
        if (words.Count > OperationsLimits.Words)
            return Wrong($"{words.Count} words; a command has at most {OperationsLimits.Words}");
        if (words.Sum(word => (long)word.Length + 1) > OperationsLimits.LineLength)
            return Wrong($"a command has at most {OperationsLimits.LineLength} characters");
        if (words.Count == 0)
            return Wrong($"no command; see '{HelpWord}'");
        if (words[0] == HelpWord)
            return ReadHelp([.. words.Skip(1)], palettes);
        if (words.TakeWhile(word => word != "--").Contains("--help"))
            return ReadHelp([.. words.TakeWhile(word => !word.StartsWith("--", StringComparison.Ordinal)).Take(2)], palettes);
        if (palettes.FirstOrDefault(palette => palette.Name == words[0]) is not { } palette)
            return Wrong($"there is no palette '{Shown(words[0])}': {NearNames.Hint(words[0], [.. Names(palettes), HelpWord])}");
        if (words.Count == 1)
            return Wrong($"'{palette.Name}' needs a command: {string.Join(", ", Names(palette))}; see '{HelpWord} {palette.Name}'");
        return palette.Find(words[1]) is { } definition
            ? new ArgumentReading(definition, [.. words.Skip(2)]).Read(palette)
            : Wrong($"'{palette.Name}' has no command '{Shown(words[1])}': {NearNames.Hint(words[1], Names(palette))}");
    }

    /// <summary>A user's word within an error.</summary>
    internal static string Shown(string word) => OperationsLimits.Cut(word, 80);

    private static CommandReading ReadHelp(ImmutableArray<string> words, IReadOnlyList<CommandPalette> palettes)
    {
        if (words.Length == 0)
            return new CommandReading.Help(HelpText.Of(palettes));
        if (palettes.FirstOrDefault(palette => palette.Name == words[0]) is not { } palette)
            return Wrong($"there is no palette '{Shown(words[0])}': {NearNames.Hint(words[0], Names(palettes))}");
        if (words.Length == 1)
            return new CommandReading.Help(HelpText.Of(palette));
        if (palette.Find(words[1]) is not { } definition)
            return Wrong($"'{palette.Name}' has no command '{Shown(words[1])}': {NearNames.Hint(words[1], Names(palette))}");
        return words.Length == 2
            ? new CommandReading.Help(HelpText.Of(palette, definition))
            : Wrong($"'{HelpWord}' takes a palette and a command, not also '{Shown(words[2])}'");
    }

    private static CommandReading.Wrong Wrong(string error) => new([error]);

    private static ImmutableArray<string> Names(IReadOnlyList<CommandPalette> palettes) => [.. palettes.Select(palette => palette.Name)];

    private static ImmutableArray<string> Names(CommandPalette palette) => [.. palette.Commands.Select(command => command.Name)];
}
