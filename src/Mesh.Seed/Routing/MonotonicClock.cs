namespace Mesh.Seed.Routing;

/// <summary>Time since this process started, which no change of the wall clock moves.</summary>
public sealed class MonotonicClock(TimeProvider provider)
{
    private readonly long _start = provider.GetTimestamp();

    public TimeProvider Provider { get; } = provider;

    public TimeSpan Now => Provider.GetElapsedTime(_start);

    /// <summary>What the wall clock showed at zero of this one, by what it shows now.</summary>
    public DateTimeOffset Origin => Provider.GetUtcNow() - Now;
}
