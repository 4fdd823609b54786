namespace Mesh.Seed.Dashboard;

/// <summary>Whether the operations page is served.</summary>
public enum DashboardMode
{
    /// <summary>Where the seed listens on loopback alone.</summary>
    Auto,
    On,
    Off,
}
