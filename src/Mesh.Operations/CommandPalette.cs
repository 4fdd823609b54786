using System.Collections.Immutable;

namespace Mesh.Operations;

/// <summary>
/// A named set of operators' commands. A host serves palettes, and a client downloads them: it knows no command by itself.
/// A definition knows neither its handler nor how it travels.
/// </summary>
/// <param name="Name">The first word of each of its commands, e.g. "cluster".</param>
public sealed record CommandPalette(string Name, string Description, ImmutableArray<CommandDefinition> Commands)
{
    public CommandDefinition? Find(string command) => Commands.FirstOrDefault(definition => definition.Name == command);
}

/// <param name="Name">The second word, e.g. "show".</param>
/// <param name="Description">One sentence for help.</param>
public sealed record CommandDefinition(string Name, string Description)
{
    /// <summary>Positional ones in the order in which they are given.</summary>
    public ImmutableArray<CommandArgument> Arguments { get; init; } = [];

    /// <summary>It changes something, so that each call is written to the host's audit log.</summary>
    public bool Changes { get; init; }

    /// <summary>The argument without which a command that changes something only looks; null = it always changes something.</summary>
    public string? ChangesWith { get; init; }

    /// <summary>It takes something away that does not come back by itself, so that a person is asked first.</summary>
    public bool IsDestructive { get; init; }

    /// <summary>It answers until it is stopped, as a tail does.</summary>
    public bool IsEndless { get; init; }

    /// <summary>How long it may take, at most <see cref="OperationsLimits.Duration"/>; null = as long as most. Only the host asks.</summary>
    public TimeSpan? Limit { get; init; }
}

public enum ArgumentKind
{
    /// <summary>A value at its place: <c>mesh vehicle V-001</c>.</summary>
    Positional,

    /// <summary>A value behind its name: <c>--near 50.11,8.68</c>.</summary>
    Option,

    /// <summary>A name alone: <c>--all</c>.</summary>
    Switch,
}

/// <param name="Name">Without dashes; in lower case, words joined by '-'.</param>
/// <param name="Description">What a value must be, in the words that an error says.</param>
public sealed record CommandArgument(string Name, ArgumentKind Kind, string Description)
{
    public bool IsRequired { get; init; }

    /// <summary>The value when it is not given; null = none.</summary>
    public string? Default { get; init; }

    /// <summary>All values that it may have; empty = any.</summary>
    public ImmutableArray<string> Choices { get; init; } = [];

    /// <summary>
    /// Kinds of values that only the host knows, e.g. "vehicle": Tab asks the handler for them (<see cref="ICompletionSource"/>).
    /// Empty = there are none. Any other value is as good.
    /// </summary>
    public ImmutableArray<string> Completes { get; init; } = [];

    /// <summary>Its value appears in no log, audit log or history.</summary>
    public bool IsSecret { get; init; }
}
