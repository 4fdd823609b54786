using Mesh.Messages;
using Mesh.Node.Metering;

namespace Mesh.Node.Inference;

// What the inference threads do: take a job with its company, run it, and settle each member.
public sealed partial class InferenceEngine
{
    /// <summary>A unit line that was ended so often for an interactive job runs through: else it might never.</summary>
    private const int MaxPreemptions = 3;

    private void RunJobs()
    {
        while (TakeNext() is { } run)
        {
            var results = Run(run);
            LeaveModel(run, results);
            for (var i = 0; i < results.Length; i++)
            {
                if (results[i] is { } result)
                    Settle(run.Members[i], result);
            }
        }
    }

    /// <summary>Blocks until a job can run; null when the engine stops.</summary>
    private JobRun? TakeNext()
    {
        lock (_gate)
        {
            while (!_disposed)
            {
                var members = _queue.Take(Now, _limits, out var heldUntil);
                if (heldUntil is { } moment)
                    _company.Change(Until(moment), Timeout.InfiniteTimeSpan);
                if (members is null)
                {
                    _idleThreads++;
                    Monitor.Wait(_gate);
                    _idleThreads--;
                    continue;
                }

                // Its wake-up may have been meant for another job.
                if (_idleThreads > 0 && _queue.ReadyCount > 0)
                    Monitor.Pulse(_gate);
                if (Start(members) is { } run)
                    return run;
            }

            return null;
        }
    }

    /// <summary>Under the lock. Null: the model was unloaded while they waited, and they load it again.</summary>
    private JobRun? Start(IReadOnlyList<QueuedJob> members)
    {
        var slot = members[0].Slot!;
        slot.Queued -= members.Count;
        if (slot.CanRun)
        {
            var run = new JobRun(slot, members, Now);
            slot.Running++;
            slot.LastUsed = Now;
            _running.Add(run);
            foreach (var member in members)
                member.Run = run;
            return run;
        }

        foreach (var member in members)
        {
            member.Slot = null;
            _queue.ParkAgain(member);
        }

        StartLoading(slot, members[0].Job.Source);
        return null;
    }

    /// <summary>Under the lock.</summary>
    private RunLimits LimitsOf(QueuedJob head)
    {
        var slot = head.Slot!;
        if (head.Job.Model.Batching is not { } batching || slot.RunsAlone || slot.Loaded is not { Model.HasFreeFirstDimension: true })
            return RunLimits.Alone;
        var isUnit = head.Class == JobClass.Unit;
        var unmeasured = isUnit ? 1 : batching.MaxBatchSize;
        var longest = isUnit ? _options.UnitRunLimit : _options.JoinedRunLimit;
        var rows = slot.RowCost == TimeSpan.Zero ? unmeasured : Math.Clamp(longest / slot.RowCost, 1, batching.MaxBatchSize);
        return new RunLimits((int)rows, isUnit ? TimeSpan.Zero : batching.MaxQueueDelay, slot.RowCost);
    }

    private void WakeThreads()
    {
        lock (_gate)
            Monitor.PulseAll(_gate);
    }

    /// <summary>
    /// Under the lock, while an interactive job is ready: a unit's run that takes longer than it should ends for it, now or as
    /// soon as its time is over.
    /// </summary>
    private void MakeWay()
    {
        if (_idleThreads > 0 || !_queue.HasInteractiveReady)
            return;
        TimeSpan? next = null;
        foreach (var run in _running)
        {
            if (!run.IsUnit || run.Preempted || run.Members.Any(member => member.Preemptions >= MaxPreemptions))
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
        {
            if (!_disposed)
                MakeWay();
        }
    }

    /// <returns>By member; null for one that is to run again.</returns>
    private InferenceJobResult?[] Run(JobRun run)
    {
        var results = new InferenceJobResult?[run.Members.Count];
        if (results.Length > 1 && RunJoined(run, results))
            return results;
        for (var i = 0; i < results.Length; i++)
            results[i] = RunAlone(run, run.Members[i]);
        return results;
    }

    private InferenceJobResult? RunAlone(JobRun run, QueuedJob member)
    {
        var started = Now;
        var waited = new AttemptTimings(started - member.Submitted, member.Load, TimeSpan.Zero);
        if (member.Job.IsCancelled)
            return InferenceJobResult.Of(AttemptOutcome.Cancelled, "Cancelled before it ran.", waited);
        if (started >= member.Deadline)
            return InferenceJobResult.Of(AttemptOutcome.Expired, "Its budget ended before it ran.", waited);
        if (run.Members.Count > 1)
            Serve(run, member);
        run.Runs++;
        var meter = _meter.Start();
        var result = run.Slot.Loaded!.Model.Run(member.Job.Inputs, member.Job.Outputs, run.Termination);
        member.Cost += _meter.Stop(meter);
        var timings = waited with { Infer = Now - started };
        if (result.Outcome == AttemptOutcome.Cancelled)
            return Ended(run, member, timings);
        if (result.Outcome == AttemptOutcome.Ok && run.Members.Count == 1)
            run.RowCost = timings.Infer / run.Rows;
        return new InferenceJobResult(result.Outcome, result.Error, result.Outputs, timings);
    }

    private void Serve(JobRun run, QueuedJob member)
    {
        lock (_gate)
        {
            run.Serve(member);
            if (_disposed)
                run.Termination.Request();
            else
                run.EndIfUnwanted(Now);
        }
    }

    private InferenceJobResult? Ended(JobRun run, QueuedJob member, AttemptTimings timings)
    {
        if (member.Job.IsCancelled)
            return InferenceJobResult.Of(AttemptOutcome.Cancelled, "Cancelled while it ran.", timings);
        if (Now >= member.Deadline)
            return InferenceJobResult.Of(AttemptOutcome.Expired, "Its budget ended while it ran.", timings);
        return run.Preempted ? null : InferenceJobResult.Of(AttemptOutcome.Cancelled, "The vehicle's engine stopped while it ran.", timings);
    }

    /// <summary>One run for all members. False: it was of no use, and each has to run alone.</summary>
    private bool RunJoined(JobRun run, InferenceJobResult?[] results)
    {
        var members = run.Members;
        var started = Now;
        RunResult joined;
        run.Runs++;
        var meter = _meter.Start();
        using (var tensors = new JoinedTensors(members))
            joined = run.Slot.Loaded!.Model.Run(tensors.Inputs, members[0].Job.Outputs, run.Termination);
        Charge(run, _meter.Stop(meter));
        var elapsed = Now - started;
        if (joined.Outcome == AttemptOutcome.Cancelled)
        {
            for (var i = 0; i < results.Length; i++)
                results[i] = Ended(run, members[i], Share(run, members[i], started, elapsed));
            return true;
        }

        // One member's fault must not spoil the others, and running out of memory may be the fault of their number.
        if (joined.Outcome != AttemptOutcome.Ok)
            return false;
        if (JoinedTensors.Split(joined.Outputs, members) is not { } parts)
        {
            RunAloneFromNowOn(run.Slot, "an output without a row for each");
            return false;
        }

        if (run.Slot.TrialsLeft > 0)
        {
            CompareWithSingleRuns(run, parts, results);
            return true;
        }

        run.RowCost = elapsed / run.Rows;
        for (var i = 0; i < results.Length; i++)
            results[i] = Of(members[i], parts[i], Share(run, members[i], started, elapsed));
        return true;
    }

    /// <summary>To each member by its rows, also when the run was of no use.</summary>
    private static void Charge(JobRun run, RunCost cost)
    {
        var first = 0;
        foreach (var member in run.Members)
        {
            member.Cost += cost.Part(first, member.Rows, run.Rows);
            first += member.Rows;
        }
    }

    private static InferenceJobResult Of(QueuedJob member, IReadOnlyList<RawTensor> outputs, AttemptTimings timings) => member.Job.IsCancelled
        ? InferenceJobResult.Of(AttemptOutcome.Cancelled, "Cancelled while it ran.", timings)
        : new InferenceJobResult(AttemptOutcome.Ok, "", outputs, timings);

    /// <summary>A member ran for its rows' share of the run; for the rest of it, it waited for its company.</summary>
    private static AttemptTimings Share(JobRun run, QueuedJob member, TimeSpan started, TimeSpan elapsed)
    {
        var share = elapsed * member.Rows / run.Rows;
        return new AttemptTimings(started - member.Submitted + (elapsed - share), member.Load, share);
    }

    /// <summary>
    /// A free first dimension need not be a batch: it may be time, or a model may normalise along it. So the first joined runs
    /// of a model are run singly as well, and the members get the single runs' results.
    /// </summary>
    private void CompareWithSingleRuns(JobRun run, IReadOnlyList<RawTensor>[] parts, InferenceJobResult?[] results)
    {
        var isFloat = WantedTypes(run);
        var same = true;
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = RunAlone(run, run.Members[i]);
            if (results[i] is { Outcome: AttemptOutcome.Ok, Outputs: var outputs })
                same &= JoinedTensors.AreEqual(outputs, parts[i], isFloat);
        }

        if (!same)
            RunAloneFromNowOn(run.Slot, "other values than run singly");
        lock (_gate)
            run.Slot.TrialsLeft--;
    }

    private static bool[] WantedTypes(JobRun run)
    {
        var types = run.Slot.Loaded!.Model.OutputIsFloat;
        var wanted = run.Members[0].Job.Outputs;
        return wanted.Count == 0 ? [.. types] : [.. wanted.Select(output => types[output])];
    }

    private void RunAloneFromNowOn(ModelSlot slot, string difference)
    {
        lock (_gate)
            slot.RunsAlone = true;
        LogRunsAlone(_logger, slot.Reference, slot.Reference.Hash, difference);
    }

    private void LeaveModel(JobRun run, InferenceJobResult?[] results)
    {
        LoadedModel? released = null;
        lock (_gate)
        {
            var slot = run.Slot;
            _running.Remove(run);
            slot.Running--;
            slot.LastUsed = Now;
            _runs += run.Runs;
            if (run.RowCost > TimeSpan.Zero)
                slot.Measured(run.RowCost);
            for (var i = 0; i < results.Length; i++)
                Leave(run.Members[i], slot, results[i]);
            if (slot is { Unloading: true, Running: 0 })
                released = DetachAndReload(slot);
        }

        if (released is not null)
            Release([released]);
        if (results.FirstOrDefault(result => result?.Outcome == AttemptOutcome.Failed) is { } failed)
            LogRunFailed(_logger, run.Slot.Reference, run.Slot.Reference.Hash, failed.Timings.Infer);
    }

    /// <summary>Under the lock.</summary>
    private void Leave(QueuedJob member, ModelSlot slot, InferenceJobResult? result)
    {
        (member.Slot, member.Run) = (null, null);
        if (result is null)
        {
            member.Preemptions++;
            _queue.ReadyAgain(member);
            Count(member, slot);
            return;
        }

        _inferenceTime += result.Timings.Infer;
        _answered += result.Outcome == AttemptOutcome.Ok ? 1 : 0;
        _failed += result.Outcome == AttemptOutcome.Failed ? 1 : 0;
    }
}
