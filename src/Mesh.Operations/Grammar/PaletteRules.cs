namespace Mesh.Operations.Grammar;

/// <summary>What makes palettes readable without doubt; a host that serves others does not start.</summary>
public static class PaletteRules
{
    /// <summary>Options that pbm itself takes anywhere in a command.</summary>
    public static readonly IReadOnlyList<string> ClientOptions =
    [
        "json", "watch", "yes", "no-color", "help", "version", "tls", "ca", "cert", "key", "token-file",
    ];

    private static readonly IReadOnlyList<string> ClientWords = [CommandGrammar.HelpWord, "exit", "quit", "completion", "__complete"];

    public static IReadOnlyList<string> Problems(IReadOnlyList<CommandPalette> palettes) =>
    [
        .. palettes.Count > OperationsLimits.Palettes ? [$"{palettes.Count} palettes; at most {OperationsLimits.Palettes}"] : Array.Empty<string>(),
        .. Twice(palettes.Select(palette => palette.Name)).Select(name => $"two palettes are named '{name}'"),
        .. palettes.SelectMany(OfPalette),
    ];

    private static IEnumerable<string> OfPalette(CommandPalette palette)
    {
        if (!IsName(palette.Name))
            yield return $"'{palette.Name}' is no palette's name: lower-case letters, digits and '-'";
        if (ClientWords.Contains(palette.Name))
            yield return $"'{palette.Name}' is a word of pbm itself: name the palette otherwise";
        if (palette.Commands.Length is 0 or > OperationsLimits.Commands)
            yield return $"'{palette.Name}' has {palette.Commands.Length} commands; 1 to {OperationsLimits.Commands}";
        foreach (var name in Twice(palette.Commands.Select(command => command.Name)))
            yield return $"'{palette.Name}' has two commands '{name}'";
        foreach (var problem in palette.Commands.SelectMany(OfCommand))
            yield return $"'{palette.Name}' {problem}";
    }

    private static IEnumerable<string> OfCommand(CommandDefinition command)
    {
        var positional = command.Arguments.Where(argument => argument.Kind == ArgumentKind.Positional).ToList();
        if (!IsName(command.Name))
            yield return $"'{command.Name}' is no command's name: lower-case letters, digits and '-'";
        if (command.Arguments.Length > OperationsLimits.Arguments)
            yield return $"'{command.Name}' has {command.Arguments.Length} arguments; at most {OperationsLimits.Arguments}";
        if (command.IsDestructive && !command.Changes)
            yield return $"'{command.Name}' is destructive and yet changes nothing: say that it changes something";
        if (command.ChangesWith is { } cause && !(command.Changes && command.Arguments.Any(argument => argument.Name == cause && argument is { IsRequired: false, Default: null })))
            yield return $"'{command.Name}' changes something with '{cause}', which must be an argument that may be left out, of a command that changes something";
        if (command.Limit is { } limit && (command.IsEndless || limit <= TimeSpan.Zero || limit > OperationsLimits.Duration))
            yield return $"'{command.Name}' may take {limit}: more than nothing, at most {OperationsLimits.Duration}, and nothing is said of an endless one";
        if (positional.SkipWhile(argument => argument.IsRequired).Any(argument => argument.IsRequired))
            yield return $"'{command.Name}' needs a value behind one that may be left out";
        foreach (var name in Twice(command.Arguments.Select(argument => argument.Name)))
            yield return $"'{command.Name}' has two arguments '{name}'";
        foreach (var argument in command.Arguments)
        {
            if (!IsName(argument.Name))
                yield return $"'{command.Name}' has '{argument.Name}', which is no argument's name: lower-case letters, digits and '-'";
            if (argument.Kind != ArgumentKind.Positional && ClientOptions.Contains(argument.Name))
                yield return $"'{command.Name}' has --{argument.Name}, which is an option of pbm itself";
            if (argument.Kind == ArgumentKind.Switch && (argument.IsRequired || argument.Default is not null || argument.Choices.Length > 0))
                yield return $"'{command.Name}' has the switch --{argument.Name} with a value";
            if (argument.Choices.FirstOrDefault(choice => !IsChoice(choice)) is { } choice)
                yield return $"'{command.Name}' has {argument.Name}, whose choice '{choice}' is none that a shell takes as it is: letters, digits and -_./:,@+%=";
            if (argument.Completes.Length > 0 && (argument.Kind == ArgumentKind.Switch || argument.IsSecret || argument.Choices.Length > 0))
                yield return $"'{command.Name}' has {argument.Name}, which cannot be completed by the host: it is a switch or a secret, or has choices";
            if (argument.Completes.FirstOrDefault(kind => !IsName(kind)) is { } kind)
                yield return $"'{command.Name}' has {argument.Name}, whose kind of values '{kind}' is no name: lower-case letters, digits and '-'";
            if (argument.Default is { } value && argument.Choices.Length > 0 && !argument.Choices.Contains(value))
                yield return $"'{command.Name}' has {argument.Name}, whose default is none of its choices";
        }
    }

    public static bool IsName(string name) =>
        name.Length is > 0 and <= 64 && char.IsAsciiLetterLower(name[0]) && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    /// <summary>A value that a shell takes as it is: completion puts it into an operator's line.</summary>
    public static bool IsChoice(string choice) => choice.Length > 0 && choice.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:,@+%=".Contains(c));

    /// <summary>A value that a host offers at Tab: it must not become an option.</summary>
    public static bool IsCandidate(string value) => IsChoice(value) && value[0] != '-' && value.Length <= OperationsLimits.CandidateLength;

    private static IEnumerable<string> Twice(IEnumerable<string> names) =>
        names.GroupBy(name => name, StringComparer.Ordinal).Where(group => group.Count() > 1).Select(group => group.Key);
}
