using Mesh.Messages;

namespace Mesh.Node.Inference;

// How work ends before it is done: handed back while what runs goes on, no longer allowed, or stopped for good.
public sealed partial class InferenceEngine
{
    private const string StoppedReason = "The vehicle's owner or state does not allow it now.";

    private CancellationTokenSource _loads = new();
    private OwnerConsent _starts = OwnerConsent.Everything;

    public void HandBackQueued()
    {
        IReadOnlyList<QueuedJob> jobs;
        lock (_gate)
            jobs = Forget(_queue.RemoveAll());
        SettleUnrun(jobs, AttemptOutcome.HandedBack, "The vehicle leaves before it ran.");
    }

    public void Permit(OwnerConsent starts, OwnerConsent finishes)
    {
        IReadOnlyList<QueuedJob> jobs;
        CancellationTokenSource? loads = null;
        lock (_gate)
        {
            if (_disposed)
                return;
            (jobs, _starts) = (StopAllBut(starts, finishes), starts);
            // The ones before may be about to be cancelled: they are not disposed of.
            if (!starts.AllowsAny)
                (loads, _loads) = (_loads, new CancellationTokenSource());
        }

        SettleUnrun(jobs, AttemptOutcome.HandedBack, StoppedReason);
        loads?.Cancel();
    }

    public void Limit(int threads, long memoryBytes)
    {
        IReadOnlyList<LoadedModel> released;
        lock (_gate)
        {
            if (_disposed)
                return;
            _maxRuns = Math.Clamp(threads, 1, _options.Threads);
            released = _models.Resize(Math.Clamp(memoryBytes, 1, _options.MemoryBytes));
            Monitor.PulseAll(_gate);
        }

        if (released.Count > 0)
            Release(released);
        RaiseStatusChanged();
    }

    public Task WhenIdleAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_open == 0)
                return Task.CompletedTask;
            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _idle.Task.WaitAsync(cancellation);
        }
    }

    /// <summary>Stops everything; returns once the threads have ended and the models are released.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            Monitor.PulseAll(_gate);
        }

        _expiry.Dispose();
        _company.Dispose();
        _way.Dispose();
        Stop();
        foreach (var thread in _threads)
            thread.Join();
        ReleaseAll();
    }

    /// <summary>Takes no new work, ends what runs and loads, hands back what waits.</summary>
    private void Stop()
    {
        IReadOnlyList<QueuedJob> jobs;
        lock (_gate)
            (jobs, _starts) = (StopAllBut(OwnerConsent.Nothing, OwnerConsent.Nothing), OwnerConsent.Nothing);
        _loads.Cancel();
        SettleUnrun(jobs, AttemptOutcome.HandedBack, StoppedReason);
    }

    /// <summary>Under the lock. A run ends for all of its members: they are of one artifact, and mostly of one model.</summary>
    private IReadOnlyList<QueuedJob> StopAllBut(OwnerConsent starts, OwnerConsent finishes)
    {
        foreach (var run in _running)
        {
            if (!run.Members.All(member => Allows(finishes, member)))
                run.Stop();
        }

        return Forget(_queue.RemoveWhere(job => !Allows(starts, job)));
    }

    private static bool Allows(OwnerConsent consent, QueuedJob job) =>
        (job.Class == JobClass.Interactive ? consent.Interactive : consent.Batch) && consent.Allows(job.Job.Model);
}
