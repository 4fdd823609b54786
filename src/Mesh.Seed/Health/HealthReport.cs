namespace Mesh.Seed.Health;

/// <summary>Whether a seed can do its part.</summary>
public enum HealthStatus
{
    Ready,

    /// <summary>The seed does its part; what it needs beside itself is missing. An orchestrator must not wait for that.</summary>
    Degraded,

    NotReady,
}

/// <summary>One thing that is not as it should be.</summary>
/// <param name="Code">For programs: one of <see cref="HealthCodes"/>.</param>
/// <param name="Message">For people; names no host, no user and no place.</param>
public sealed record HealthReason(string Code, string Message);

/// <summary>What a seed says of itself.</summary>
/// <param name="Reasons">Empty when all is well.</param>
public sealed record HealthReport(HealthStatus Status, IReadOnlyList<HealthReason> Reasons)
{
    public static HealthReport Well { get; } = new(HealthStatus.Ready, []);

    public bool IsReady => Status != HealthStatus.NotReady;

    /// <summary>The status as bodies and metrics spell it.</summary>
    public string StatusText => Status switch
    {
        HealthStatus.Ready => "ready",
        HealthStatus.Degraded => "degraded",
        _ => "not_ready",
    };
}

/// <summary>What can be wrong with a seed.</summary>
public static class HealthCodes
{
    /// <summary>It is not a member of its region, not yet or no more.</summary>
    public const string Joining = "joining";

    /// <summary>It is leaving its region.</summary>
    public const string Leaving = "leaving";

    /// <summary>The journal's database does not answer, or takes no writes.</summary>
    public const string Journal = "journal";

    /// <summary>The region's job router is not heard of.</summary>
    public const string Router = "router";

    /// <summary>This seed reaches no majority of the region's seeds, or does not know any more.</summary>
    public const string Majority = "majority";

    /// <summary>No vehicle is there that takes requests.</summary>
    public const string Vehicles = "vehicles";

    public static IReadOnlyList<string> All { get; } = [Joining, Leaving, Journal, Router, Majority, Vehicles];
}
