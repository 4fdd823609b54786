namespace Mesh.Seed.Dashboard;

/// <summary>What the operations page says of its seed, and what it may cost.</summary>
/// <param name="Region">The region's name.</param>
/// <param name="Host">The name or address that others reach this seed by.</param>
/// <param name="Port">Its port as a member.</param>
public sealed record DashboardOptions(string Region, string Host, int Port)
{
    public string Seed => $"{Host}:{Port}";

    public string Version { get; init; } = typeof(DashboardOptions).Assembly.GetName().Version?.ToString(3) ?? "0";

    /// <summary>Streams of events open at once; a further one is refused.</summary>
    public int MaxViewers { get; init; } = 32;

    /// <summary>Explanations under way at once; a further one is refused.</summary>
    public int MaxExplanations { get; init; } = 4;

    /// <summary>A command that has not ended by then is given up. Longer than it waits itself, for what it then says is worth more.</summary>
    public TimeSpan CommandLimit { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>How often the panels with figures are read while somebody looks.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often the panels with tables are.</summary>
    public TimeSpan TableInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Rows of a table that are told one by one; of vehicles beyond it, only how many are where in which state.</summary>
    public int MaxRows { get; init; } = 500;
}
