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
        public CommandCall By(string @operator) => new(Definition.Name, Arguments, @operator);

        /// <summary>One line that has the same meaning, for logs: values of secret arguments are '***'.</summary>
        public string ToLine() => string.Join(' ', (string[])[Palette.Name, Definition.Name, .. Definition.Arguments.SelectMany(WordsOf)]);

        private IEnumerable<string> WordsOf(CommandArgument argument)
        {
            if (!Arguments.TryGetValue(argument.Name, out var value))
                return [];
            var word = argument.IsSecret ? "***" : WordSplitter.Quote(value);
            return argument.Kind switch
            {
                ArgumentKind.Positional => [word],
                ArgumentKind.Switch => [$"--{argument.Name}"],
                _ => [$"--{argument.Name}", word],
            };
        }
    }

    /// <summary>A question for help, with the answer.</summary>
    public sealed record Help(string Text) : CommandReading;

    /// <summary>All that is wrong, each with what to do.</summary>
    public sealed record Wrong(ImmutableArray<string> Errors) : CommandReading;
}
