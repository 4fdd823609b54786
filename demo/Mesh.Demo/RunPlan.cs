namespace Mesh.Demo;

/// <summary>
/// When things happen in a run, counted in requests sent, so that the churn meets requests in flight however fast the
/// machine is. 500 small pictures would be over in a second, so bursts of <see cref="Burst"/> go out at an even pace of 80
/// requests/s; a longer run is faster, so that this part takes about six seconds. The last fifth waits until the two
/// vehicles are back, so that they get work again, and then goes as fast as <see cref="Burst"/> in flight allow.
/// </summary>
internal sealed class RunPlan
{
    /// <summary>Requests in flight at most, and sent at once.</summary>
    public const int Burst = 8;

    private static readonly TimeSpan SlowestTick = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPacedPart = TimeSpan.FromSeconds(6);

    private readonly TaskCompletionSource _killDue = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _drainDue = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _lastPart = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="pacedPart">How long everything before the last part takes at most; for tests, which need no pace.</param>
    public RunPlan(int requests, TimeSpan? pacedPart = null)
    {
        Requests = requests;
        KillAt = EndOfBurst(requests / 3);
        DrainAt = EndOfBurst(requests / 2);
        PacedRequests = requests - requests / 5;
        var paced = (pacedPart ?? LongestPacedPart) / Math.Max(1.0, (double)PacedRequests / Burst);
        Tick = paced < SlowestTick ? paced : SlowestTick;

        int EndOfBurst(int request) => Math.Min(requests, (request / Burst + 1) * Burst);
    }

    public int Requests { get; }

    /// <summary>One vehicle is killed when so many requests were sent: at the end of a burst, with all of it in flight.</summary>
    public int KillAt { get; }

    /// <summary>Another one is drained when so many requests were sent.</summary>
    public int DrainAt { get; }

    /// <summary>Requests before the last part.</summary>
    public int PacedRequests { get; }

    /// <summary>From burst to burst.</summary>
    public TimeSpan Tick { get; }

    public Task KillDue => _killDue.Task;

    public Task DrainDue => _drainDue.Task;

    /// <summary>Completes when the last part may be sent.</summary>
    public Task LastPart => _lastPart.Task;

    public void Sent(int requests)
    {
        if (requests >= KillAt)
            _killDue.TrySetResult();
        // A vehicle that must go before the last part cannot wait for requests that the last part holds back.
        if (requests >= Math.Min(DrainAt, PacedRequests))
            _drainDue.TrySetResult();
        if (requests >= PacedRequests)
            _killDue.TrySetResult();
    }

    public void StartLastPart() => _lastPart.TrySetResult();
}
