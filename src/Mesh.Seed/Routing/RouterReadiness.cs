namespace Mesh.Seed.Routing;

/// <summary>Whether this seed's Dispatcher has heard of the region's JobRouter, whose journal must be open for that.</summary>
public sealed class RouterReadiness(MonotonicClock? clock = null)
{
    private const long Never = -1;

    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly MonotonicClock _clock = clock ?? new MonotonicClock(TimeProvider.System);
    private long _term;
    private long _heardAt = Never;

    /// <summary>Completes with the first answer.</summary>
    public Task FirstAnswer => _answered.Task;

    /// <summary>The highest that was heard of; 0 before the first. An answer that was under way for long does not lower it.</summary>
    public long Term => Volatile.Read(ref _term);

    /// <summary>When it was heard last, on the process's clock; null before the first.</summary>
    public TimeSpan? HeardAt => Volatile.Read(ref _heardAt) is not Never and var at ? new TimeSpan(at) : null;

    public void RouterAnswered(long term)
    {
        // The Dispatcher alone tells.
        Volatile.Write(ref _term, Math.Max(term, _term));
        Volatile.Write(ref _heardAt, _clock.Now.Ticks);
        _answered.TrySetResult();
    }
}
