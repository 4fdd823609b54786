namespace Mesh.Node.Policy;

/// <summary>How fast work must end when a rule fails.</summary>
public enum Urgency
{
    /// <summary>No new work; what runs may finish.</summary>
    Planned,

    /// <summary>Drain within the grace period and hand the rest back.</summary>
    Soon,

    /// <summary>Terminate what runs: the computer is needed at once.</summary>
    Now,
}
