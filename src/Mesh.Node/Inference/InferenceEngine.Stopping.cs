using Mesh.Messages;

namespace Mesh.Node.Inference;

// How work ends before it is done: handed back while what runs goes on, no longer allowed, or stopped for good.
public sealed partial class InferenceEngine
{
    private const string StoppedReason = "The vehicle's owner or state does not allow it now.";

    private OwnerConsent _starts = OwnerConsent.Everything;

    public void HandBackQueued()
    {
        IReadOnlyList<QueuedJob> jobs;
        lock (_gate)
            jobs = Forget(_queue.RemoveAll());
        SettleUnrun(jobs, AttemptOutcome.HandedBack, "The vehicle leaves before it ran.");
    }

    public void Permit(OwnerConsent starts, OwnerConsent finishes) => Permit(starts, finishes, disposing: false);

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
        Permit(OwnerConsent.Nothing, OwnerConsent.Nothing, disposing: true);
        foreach (var thread in _threads)
            thread.Join();
        ReleaseAll();
    }

    /// <summary>Ends what may not finish, hands back what may not start, and breaks off the loads of models that may not.</summary>
    private void Permit(OwnerConsent starts, OwnerConsent finishes, bool disposing)
    {
        IReadOnlyList<QueuedJob> jobs;
        IReadOnlyList<CancellationTokenSource> loads;
        lock (_gate)
        {
            if (_disposed && !disposing)
                return;
            (jobs, _starts) = (StopAllBut(starts, finishes), starts);
            loads = _models.LoadsBut(IsWanted);
        }

        SettleUnrun(jobs, AttemptOutcome.HandedBack, StoppedReason);
        foreach (var load in loads)
            load.Cancel();
    }

    /// <summary>
    /// Under the lock, after what may not start was handed back. Also by who waits for it, since a slot has the name that came
    /// first, and models may share an artifact.
    /// </summary>
    private bool IsWanted(ModelSlot slot) =>
        !_disposed && (_queue.ParkedCount(slot.Reference.Hash) > 0 || slot.Waiters.Select(waiter => waiter.Model).Append(slot.Reference).Any(MayLoad));

    private bool MayLoad(ModelReference model) => _starts.AllowsAny && _starts.Allows(model);

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
