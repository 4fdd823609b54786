using System.Collections.Immutable;

namespace Mesh.Operations.Grammar;

/// <summary>Reads the words behind a command and collects every error instead of stopping at the first.</summary>
internal sealed class ArgumentReading(CommandDefinition definition, ImmutableArray<string> words)
{
    private readonly ImmutableArray<CommandArgument> _positional = [.. definition.Arguments.Where(argument => argument.Kind == ArgumentKind.Positional)];
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly List<string> _errors = [];
    private int _places;

    public CommandReading Read(CommandPalette palette)
    {
        var onlyValues = false;
        for (var i = 0; i < words.Length; i++)
        {
            if (onlyValues || !words[i].StartsWith("--", StringComparison.Ordinal))
                ReadPositional(words[i]);
            else if (words[i] == "--")
                onlyValues = true;
            else
                i = ReadOption(i);
        }

        FillIn();
        return _errors.Count > 0
            ? new CommandReading.Wrong([.. _errors, $"usage: {HelpText.Usage(palette, definition)}"])
            : new CommandReading.Command(palette, definition, _values);
    }

    private void ReadPositional(string word)
    {
        if (_places < _positional.Length)
            Set(_positional[_places++], word);
        else
            _errors.Add($"'{CommandGrammar.Shown(word)}' is one value too many");
    }

    /// <returns>The index of the last word that belongs to it.</returns>
    private int ReadOption(int at)
    {
        var equals = words[at].IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? words[at][2..] : words[at][2..equals];
        if (Find(name) is not { } argument)
        {
            _errors.Add($"there is no option --{CommandGrammar.Shown(name)}: {NearNames.Hint(name, OptionNames, "--")}");
            // What was meant has a value, which is then no error of its own.
            var meant = NearNames.Nearest(name, OptionNames) is { } near ? Find(near)?.Kind : null;
            return equals < 0 && meant == ArgumentKind.Option && HasValue(at) ? at + 1 : at;
        }

        if (argument.Kind == ArgumentKind.Switch && equals >= 0)
            _errors.Add($"--{name} takes no value");
        else if (argument.Kind == ArgumentKind.Switch)
            Set(argument, "true");
        else if (equals >= 0)
            Set(argument, words[at][(equals + 1)..]);
        else if (HasValue(at))
            Set(argument, words[++at]);
        else
            _errors.Add($"--{name} has no value: needs {argument.Description}");
        return at;
    }

    private ImmutableArray<string> OptionNames =>
        [.. definition.Arguments.Where(argument => argument.Kind != ArgumentKind.Positional).Select(argument => argument.Name)];

    private CommandArgument? Find(string option) =>
        definition.Arguments.FirstOrDefault(argument => argument.Kind != ArgumentKind.Positional && argument.Name == option);

    private bool HasValue(int at) => at + 1 < words.Length && !words[at + 1].StartsWith("--", StringComparison.Ordinal);

    private void Set(CommandArgument argument, string value)
    {
        if (argument.Kind != ArgumentKind.Switch && value.Length == 0)
            _errors.Add($"{Shown(argument)} is empty: needs {argument.Description}");
        else if (argument.Choices.Length > 0 && !argument.Choices.Contains(value))
            _errors.Add($"{Shown(argument)} is '{CommandGrammar.Shown(value)}': {NearNames.Hint(value, argument.Choices)}");
        if (!_values.TryAdd(argument.Name, value))
            _errors.Add($"{Shown(argument)} is given twice");
    }

    private void FillIn()
    {
        foreach (var argument in definition.Arguments.Where(argument => !_values.ContainsKey(argument.Name)))
        {
            if (argument.IsRequired)
                _errors.Add($"{Shown(argument)} is missing: needs {argument.Description}");
            else if (argument.Default is { } value)
                _values[argument.Name] = value;
        }
    }

    private static string Shown(CommandArgument argument) =>
        argument.Kind == ArgumentKind.Positional ? $"<{argument.Name}>" : $"--{argument.Name}";
}
