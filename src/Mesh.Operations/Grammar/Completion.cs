using System.Collections.Immutable;

namespace Mesh.Operations.Grammar;

/// <param name="Text">The whole word.</param>
/// <param name="Description">For a list to choose from; may be empty.</param>
public sealed record Candidate(string Text, string Description);

/// <param name="Prefix">What of the begun word is not the value: <c>--option=</c>, or "".</param>
/// <param name="Begun">The value's beginning.</param>
public sealed record BegunValue(CommandPalette Palette, CommandDefinition Command, CommandArgument Argument, string Prefix, string Begun);

/// <summary>What a begun word can become. Pure: knows only the palettes.</summary>
public static class Completion
{
    /// <param name="words">The finished words before it.</param>
    /// <param name="begun">The word's beginning; "" offers everything.</param>
    public static ImmutableArray<Candidate> Of(IReadOnlyList<string> words, string begun, IReadOnlyList<CommandPalette> palettes)
    {
        var isHelp = words.Count > 0 && words[0] == CommandGrammar.HelpWord;
        IReadOnlyList<string> rest = isHelp ? [.. words.Skip(1)] : words;
        var palette = rest.Count > 0 ? palettes.FirstOrDefault(palette => palette.Name == rest[0]) : null;
        IEnumerable<Candidate> all = (rest.Count, palette) switch
        {
            (0, _) => palettes.Select(palette => new Candidate(palette.Name, palette.Description))
                .Concat(isHelp ? [] : [new Candidate(CommandGrammar.HelpWord, "what there is")]),
            (_, null) => [],
            (1, _) => palette.Commands.Select(command => new Candidate(command.Name, command.Description)),
            _ when isHelp => [],
            _ => palette.Find(rest[1]) is { } command ? OfArguments(command, [.. rest.Skip(2)], begun) : [],
        };
        return [.. all.Where(candidate => candidate.Text.StartsWith(begun, StringComparison.Ordinal))];
    }

    /// <summary>The argument whose value is begun; null = the word is none, e.g. a command's name.</summary>
    public static BegunValue? ValueOf(IReadOnlyList<string> words, string begun, IReadOnlyList<CommandPalette> palettes) =>
        words.Count >= 2 && words[0] != CommandGrammar.HelpWord && palettes.FirstOrDefault(palette => palette.Name == words[0]) is { } palette
        && palette.Find(words[1]) is { } command && ValueOf(command, [.. words.Skip(2)], begun) is var (argument, prefix)
            ? new BegunValue(palette, command, argument, prefix, begun[prefix.Length..])
            : null;

    private static (CommandArgument Argument, string Prefix)? ValueOf(CommandDefinition command, ImmutableArray<string> words, string begun)
    {
        var onlyValues = words.Contains("--");
        if (!onlyValues && words.Length > 0 && Option(command, words[^1]) is { Kind: ArgumentKind.Option } awaiting)
            return (awaiting, "");
        if (!onlyValues && begun.StartsWith("--", StringComparison.Ordinal))
        {
            var equals = begun.IndexOf('=', StringComparison.Ordinal);
            return equals > 0 && Option(command, begun[..equals]) is { Kind: ArgumentKind.Option } option ? (option, begun[..(equals + 1)]) : null;
        }

        return command.Arguments.Where(argument => argument.Kind == ArgumentKind.Positional).ElementAtOrDefault(Given(command, words).Places) is { } value
            ? (value, "")
            : null;
    }

    private static IEnumerable<Candidate> OfArguments(CommandDefinition command, ImmutableArray<string> words, string begun)
    {
        var value = ValueOf(command, words, begun);
        var choices = value is var (argument, prefix) ? argument.Choices.Select(choice => new Candidate(prefix + choice, argument.Description)) : [];
        return value is { Argument.Kind: ArgumentKind.Option } || words.Contains("--")
            ? choices
            : choices.Concat(command.Arguments
                .Where(option => option.Kind != ArgumentKind.Positional && !Given(command, words).Options.Contains(option.Name))
                .Select(option => new Candidate($"--{option.Name}", option.Description)));
    }

    private static (int Places, HashSet<string> Options) Given(CommandDefinition command, ImmutableArray<string> words)
    {
        var places = 0;
        var options = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < words.Length; i++)
        {
            if (!words[i].StartsWith("--", StringComparison.Ordinal))
                places++;
            else if (Option(command, words[i].Split('=')[0]) is { } option && options.Add(option.Name)
                && option.Kind == ArgumentKind.Option && !words[i].Contains('=', StringComparison.Ordinal))
                i++;
        }

        return (places, options);
    }

    private static CommandArgument? Option(CommandDefinition command, string word) => command.Arguments.FirstOrDefault(argument =>
        argument.Kind != ArgumentKind.Positional && word.Length == argument.Name.Length + 2 && word.StartsWith("--", StringComparison.Ordinal)
        && word.EndsWith(argument.Name, StringComparison.Ordinal));
}
