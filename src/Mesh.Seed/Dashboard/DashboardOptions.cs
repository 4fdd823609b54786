namespace Mesh.Seed.Dashboard;

/// <summary>What the operations page says of its seed, and what it may cost.</summary>
/// <param name="Region">The region's name.</param>
/// <param name="Seed">This seed as other members know it, HOST:PORT.</param>
public sealed record DashboardOptions(string Region, string Seed)
{
    public string Version { get; init; } = typeof(DashboardOptions).Assembly.GetName().Version?.ToString(3) ?? "0";

    /// <summary>Streams of events open at once; a further one is refused.</summary>
    public int MaxViewers { get; init; } = 32;

    /// <summary>Explanations under way at once; a further one is refused.</summary>
    public int MaxExplanations { get; init; } = 4;

    /// <summary>A command that has not ended by then is given up.</summary>
    public TimeSpan CommandLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often the panels with figures are read while somebody looks.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often the panels with tables are.</summary>
    public TimeSpan TableInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Rows of a table that are told one by one; of vehicles beyond it, only how many are where in which state.</summary>
    public int MaxRows { get; init; } = 500;
}
