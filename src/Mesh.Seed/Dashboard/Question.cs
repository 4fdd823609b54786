using System.Collections.Immutable;

namespace Mesh.Seed.Dashboard;

/// <summary>What the page asks of the operators' commands.</summary>
/// <param name="Words">The command, e.g. "mesh vehicles".</param>
internal sealed record Question(string Words)
{
    /// <summary>Of the command's first positional argument; null = it is given none.</summary>
    public string? Subject { get; init; }

    /// <summary>By name; those that the command does not know are left out.</summary>
    public ImmutableDictionary<string, string> Options { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Of the first table, should it have more rows than are told; null = such rows are only counted.</summary>
    public Func<IRowSummary>? Summarize { get; init; }
}
