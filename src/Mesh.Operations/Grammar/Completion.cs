using System.Collections.Immutable;

namespace Mesh.Operations.Grammar;

/// <param name="Text">The whole word.</param>
/// <param name="Description">For a list to choose from; may be empty.</param>
public sealed record Candidate(string Text, string Description);

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

    private static IEnumerable<Candidate> OfArguments(CommandDefinition command, ImmutableArray<string> words, string begun)
    {
        var onlyValues = words.Contains("--");
        if (!onlyValues && words.Length > 0 && Option(command, words[^1]) is { Kind: ArgumentKind.Option } awaiting)
            return Choices(awaiting, "");
        if (!onlyValues && begun.Contains('=', StringComparison.Ordinal))
            return Option(command, begun[..begun.IndexOf('=', StringComparison.Ordinal)]) is { Kind: ArgumentKind.Option } option
                ? Choices(option, $"--{option.Name}=")
                : [];
        var given = Given(command, words);
        var values = command.Arguments.Where(argument => argument.Kind == ArgumentKind.Positional).Skip(given.Places).Take(1)
            .SelectMany(argument => Choices(argument, ""));
        return onlyValues
            ? values
            : values.Concat(command.Arguments
                .Where(argument => argument.Kind != ArgumentKind.Positional && !given.Options.Contains(argument.Name))
                .Select(argument => new Candidate($"--{argument.Name}", argument.Description)));
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

    private static IEnumerable<Candidate> Choices(CommandArgument argument, string prefix) =>
        argument.Choices.Select(choice => new Candidate(prefix + choice, argument.Description));
}
