namespace Mesh.Seed.Routing;

/// <summary>Whether this seed's Dispatcher has heard of the region's JobRouter, whose journal must be open for that.</summary>
public sealed class RouterReadiness
{
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _term;

    /// <summary>Completes with the first answer.</summary>
    public Task FirstAnswer => _answered.Task;

    /// <summary>Of the JobRouter heard last; 0 before the first.</summary>
    public long Term => Volatile.Read(ref _term);

    public void RouterAnswered(long term)
    {
        Volatile.Write(ref _term, term);
        _answered.TrySetResult();
    }
}
