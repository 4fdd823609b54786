using Mesh.Messages;

namespace Mesh.Node.Inference;

// How work ends before it is done: handed back while what runs goes on, stopped at once, or for good.
public sealed partial class InferenceEngine
{
    private const string StoppedReason = "The vehicle stopped its work.";

    private CancellationTokenSource _loads = new();
    private bool _stopped;

    public void HandBackQueued()
    {
        IReadOnlyList<QueuedJob> jobs;
        lock (_gate)
            jobs = Forget(_queue.RemoveAll());
        SettleUnrun(jobs, AttemptOutcome.HandedBack, "The vehicle leaves before it ran.");
    }

    public Task StopAllAsync()
    {
        Stop();
        return WhenIdleAsync(CancellationToken.None);
    }

    public void Resume()
    {
        lock (_gate)
        {
            if (!_stopped || _disposed)
                return;
            _stopped = false;
            _loads = new CancellationTokenSource(); // The one before may be about to be cancelled: it is not disposed of.
        }
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
        CancellationTokenSource loads;
        lock (_gate)
        {
            _stopped = true;
            foreach (var run in _running)
                run.Stop();
            jobs = Forget(_queue.RemoveAll());
            loads = _loads;
        }

        loads.Cancel();
        SettleUnrun(jobs, AttemptOutcome.HandedBack, StoppedReason);
    }
}
