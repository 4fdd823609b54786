using Mesh.Messages;

namespace Mesh.Node.Inference;

// How unit lines make way for interactive jobs.
public sealed partial class InferenceEngine
{
    /// <summary>
    /// Under the lock, while an interactive job is ready: a unit's run that takes longer than it should ends for it, now or as
    /// soon as its time is over.
    /// </summary>
    private void MakeWay()
    {
        if (_disposed || _idleThreads > 0 || !_queue.HasInteractiveReady)
            return;
        TimeSpan? next = null;
        foreach (var run in _running)
        {
            if (!run.IsUnit || run.Preempted)
                continue;
            // Twice the limit, because a run's length is only foretold.
            var end = run.Started + (2 * _options.UnitRunLimit);
            if (end <= Now)
                run.Preempt();
            else if (next is null || end < next)
                next = end;
        }

        if (next is { } moment)
            _way.Change(Until(moment), Timeout.InfiniteTimeSpan);
    }

    private void MakeWayLater()
    {
        lock (_gate)
            MakeWay();
    }

    /// <summary>Under the lock, as a run starts.</summary>
    private void NoteTurn(JobRun run)
    {
        if (run.IsUnit || !_queue.HasUnitReady)
            return;
        _turns.CameSecond(run.Started);
        ArmExpiry(_turns.GiveUpAt!.Value);
    }

    /// <summary>Under the lock, as a run is over.</summary>
    private void NoteEnd(JobRun run, InferenceJobResult?[] results)
    {
        if (!run.IsUnit)
            _turns.InteractiveEnded(Now);
        else if (results.Any(result => result?.Outcome is AttemptOutcome.Ok or AttemptOutcome.Invalid or AttemptOutcome.Failed))
            _turns.StartAnew();
        else if (run.Preempted)
            _turns.Preempted(Now);
        if (_turns.GiveUpAt is { } moment)
            ArmExpiry(moment);
    }

    /// <summary>Under the lock. Lines that wait and have got nowhere for too long, taken out of the queue.</summary>
    private IReadOnlyList<QueuedJob> GiveUpUnits()
    {
        if (!(_turns.GiveUpAt <= Now) || _running.Any(run => run.IsUnit))
            return [];
        _turns.StartAnew();
        return Forget(_queue.RemoveReadyUnits());
    }

    private void SettleGivenUp(IReadOnlyList<QueuedJob> lines) =>
        SettleUnrun(lines, AttemptOutcome.HandedBack, "interactive work leaves this vehicle no time for it");
}
