namespace Mesh.Seed.Dashboard;

/// <summary>What the page's head says of its seed.</summary>
/// <param name="Status">"ready", "degraded" or "not_ready".</param>
/// <param name="Reason">For people; empty = all is well.</param>
public sealed record SeedHealth(string Status, string Reason)
{
    public static SeedHealth Ready { get; } = new("ready", "");
}
