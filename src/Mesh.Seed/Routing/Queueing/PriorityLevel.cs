namespace Mesh.Seed.Routing.Queueing;

/// <summary>
/// Triton's priority levels, as its dynamic batcher has them: 1 is the highest; 0 and anything beyond the last level mean the
/// default level, which here is the lowest.
/// </summary>
public static class PriorityLevel
{
    /// <summary>The lowest level, and the default one. A bound, so that a client cannot make up levels without end.</summary>
    public const int Lowest = 16;

    /// <returns>1 to <see cref="Lowest"/>.</returns>
    public static int Of(uint priority) => priority is 0 or > Lowest ? Lowest : (int)priority;
}
