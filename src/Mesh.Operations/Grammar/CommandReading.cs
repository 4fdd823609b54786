using System.Collections.Immutable;

namespace Mesh.Operations.Grammar;

/// <summary>What words mean, by the palettes of a host.</summary>
public abstract record CommandReading
{
    private CommandReading()
    {
    }

    /// <param name="Arguments">By name, defaults filled in; a switch that was given has the value "true".</param>
    public sealed record Command(
        CommandPalette Palette, CommandDefinition Definition, IReadOnlyDictionary<string, string> Arguments) : CommandReading
    {
        /// <summary>Whether this call changes something: some commands only look unless they are given a new value.</summary>
        public bool Changes => Definition.Changes && (Definition.ChangesWith is not { } argument || Arguments.ContainsKey(argument));

        public CommandCall By(string @operator) => new(Definition.Name, Arguments, @operator);

        /// <summary>One line that has the same meaning, for logs: values of secret arguments are '***'.</summary>
        public string ToLine()
        {
            var given = Definition.Arguments.Where(argument => Arguments.ContainsKey(argument.Name)).ToList();
            var values = given.Where(argument => argument.Kind == ArgumentKind.Positional).Select(WordOf).ToList();
            var options = given.Where(argument => argument.Kind != ArgumentKind.Positional)
                .Select(argument => argument.Kind == ArgumentKind.Switch ? $"--{argument.Name}" : $"--{argument.Name}={WordOf(argument)}");
            string[] rest = values.Any(IsLikeOption) ? [.. options, "--", .. values] : [.. values, .. options];
            return string.Join(' ', (string[])[Palette.Name, Definition.Name, .. rest]);
        }

        private string WordOf(CommandArgument argument) => argument.IsSecret ? "***" : WordSplitter.Quote(Arguments[argument.Name]);

        private static bool IsLikeOption(string word) => word.TrimStart('\'').StartsWith("--", StringComparison.Ordinal);
    }

    /// <summary>A question for help, with the answer.</summary>
    public sealed record Help(string Text) : CommandReading;

    /// <summary>All that is wrong, each with what to do.</summary>
    public sealed record Wrong(ImmutableArray<string> Errors) : CommandReading;
}
