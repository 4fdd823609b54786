using Mesh.Messages;

namespace Mesh.Node.Inference;

// What the inference threads do: take a job with its company, run it, and settle each member.
public sealed partial class InferenceEngine
{
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
                var members = _queue.Take(Now, _limits, _turns.StartFrom, out var heldUntil);
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
                var run = Start(members);
                // More interactive jobs may have come than threads were idle.
                MakeWay();
                if (run is not null)
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
            NoteTurn(run);
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
        if (head.Job.Model.Batching is not { } batching
            || slot is not { Loaded.Model.HasFreeFirstDimension: true, Joining: { RunsAlone: false, RowCost: { } rowCost } })
        {
            return RunLimits.Alone;
        }

        var isUnit = head.Class == JobClass.Unit;
        var longest = isUnit ? _options.UnitRunLimit : _options.JoinedRunLimit;
        var rows = rowCost == TimeSpan.Zero ? batching.MaxBatchSize : Math.Clamp(longest / rowCost, 1, batching.MaxBatchSize);
        return new RunLimits((int)rows, isUnit ? TimeSpan.Zero : batching.MaxQueueDelay, rowCost);
    }

    private void WakeThreads()
    {
        lock (_gate)
            Monitor.PulseAll(_gate);
    }

    /// <returns>By member; null for one that is to run again.</returns>
    private InferenceJobResult?[] Run(JobRun run)
    {
        var results = new InferenceJobResult?[run.Members.Count];
        if (results.Length > 1 && RunJoined(run, results))
            return results;
        for (var i = 0; i < results.Length; i++)
            results[i] = RunAlone(run, run.Members[i]);
        if (run.JoinFailed && results.All(result => result?.Outcome == AttemptOutcome.Ok))
            Learn(run.Slot, joining => joining.Failed(), "no answer where each alone got one");
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
        var result = run.Slot.Loaded!.Model.Run(member.Job.Inputs, member.Job.Outputs, run.Termination);
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
            run.EndIfUnwanted(Now);
        }
    }

    private InferenceJobResult? Ended(JobRun run, QueuedJob member, AttemptTimings timings)
    {
        if (member.Job.IsCancelled)
            return InferenceJobResult.Of(AttemptOutcome.Cancelled, "Cancelled while it ran.", timings);
        if (Now >= member.Deadline)
            return InferenceJobResult.Of(AttemptOutcome.Expired, "Its budget ended while it ran.", timings);
        return run.Stopped ? InferenceJobResult.Of(AttemptOutcome.HandedBack, StoppedReason, timings) : null;
    }

    /// <summary>One run for all members. False: it was of no use, and each has to run alone.</summary>
    private bool RunJoined(JobRun run, InferenceJobResult?[] results)
    {
        var members = run.Members;
        var started = Now;
        RunResult joined;
        run.Runs++;
        using (var tensors = new JoinedTensors(members))
            joined = run.Slot.Loaded!.Model.Run(tensors.Inputs, members[0].Job.Outputs, run.Termination);
        var elapsed = Now - started;
        if (joined.Outcome == AttemptOutcome.Cancelled)
        {
            for (var i = 0; i < results.Length; i++)
                results[i] = Ended(run, members[i], Share(run, members[i], started, elapsed));
            return true;
        }

        // One member's fault must not spoil the others, and running out of memory may be the fault of their number.
        if (joined.Outcome != AttemptOutcome.Ok)
        {
            run.JoinFailed = true;
            return false;
        }

        if (JoinedTensors.Split(joined.Outputs, members) is not { } parts)
        {
            Learn(run.Slot, joining => joining.GaveOtherRows(), "an output without a row for each");
            return false;
        }

        run.RowCost = elapsed / run.Rows;
        var isRight = !IsOnTrial(run.Slot) || CompareWithSingleRuns(run, parts, results);
        for (var i = 0; isRight && i < results.Length; i++)
            results[i] ??= Of(members[i], parts[i], Share(run, members[i], started, elapsed));
        return true;
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
    /// <returns>
    /// Whether single runs gave the same: then those whose single run had to make way have their answer from the joined one.
    /// </returns>
    private bool CompareWithSingleRuns(JobRun run, IReadOnlyList<RawTensor>[] parts, InferenceJobResult?[] results)
    {
        var isFloat = WantedTypes(run);
        bool? same = null;
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = RunAlone(run, run.Members[i]);
            if (results[i] is { Outcome: AttemptOutcome.Ok, Outputs: var outputs })
                same = (same ?? true) && JoinedTensors.AreEqual(outputs, parts[i], isFloat);
        }

        if (same is { } compared)
            Learn(run.Slot, joining => joining.Compared(compared), "other values than run singly");
        return same ?? false;
    }

    private bool IsOnTrial(ModelSlot slot)
    {
        lock (_gate)
            return slot.Joining.IsOnTrial;
    }

    private static bool[] WantedTypes(JobRun run)
    {
        var types = run.Slot.Loaded!.Model.OutputIsFloat;
        var wanted = run.Members[0].Job.Outputs;
        return wanted.Count == 0 ? [.. types] : [.. wanted.Select(output => types[output])];
    }

    /// <param name="difference">What joined runs gave, for the log in case that there are none any more.</param>
    private void Learn(ModelSlot slot, Action<JoinRecord> learn, string difference)
    {
        bool alone;
        lock (_gate)
        {
            alone = slot.Joining.RunsAlone;
            learn(slot.Joining);
            alone = !alone && slot.Joining.RunsAlone;
        }

        if (alone)
            LogRunsAlone(_logger, slot.Reference, slot.Reference.Hash, difference);
    }

    private void LeaveModel(JobRun run, InferenceJobResult?[] results)
    {
        LoadedModel? released = null;
        IReadOnlyList<QueuedJob> givenUp;
        lock (_gate)
        {
            var slot = run.Slot;
            _running.Remove(run);
            slot.Running--;
            slot.LastUsed = Now;
            _runs += run.Runs;
            if (run.RowCost is { } rowCost)
                slot.Joining.Measured(rowCost, run.Members.Count > 1);
            for (var i = 0; i < results.Length; i++)
                results[i] = Leave(run.Members[i], slot, results[i]);
            if (slot is { Unloading: true, Running: 0 })
                released = DetachAndReload(slot);
            NoteEnd(run, results);
            givenUp = GiveUpUnits();
        }

        SettleGivenUp(givenUp);
        if (released is not null)
            Release([released]);
        if (results.FirstOrDefault(result => result?.Outcome == AttemptOutcome.Failed) is { } failed)
            LogRunFailed(_logger, run.Slot.Reference, run.Slot.Reference.Hash, failed.Timings.Infer);
    }

    /// <summary>Under the lock. Null: it runs again.</summary>
    private InferenceJobResult? Leave(QueuedJob member, ModelSlot slot, InferenceJobResult? result)
    {
        (member.Slot, member.Run) = (null, null);
        if (result is null && !_stopped)
        {
            _queue.ReadyAgain(member);
            Count(member, slot);
            return null;
        }

        // Stopped just after it had ended to run again.
        result ??= InferenceJobResult.Of(AttemptOutcome.HandedBack, StoppedReason, new(Now - member.Submitted, member.Load, TimeSpan.Zero));
        _inferenceTime += result.Timings.Infer;
        _answered += result.Outcome == AttemptOutcome.Ok ? 1 : 0;
        _failed += result.Outcome == AttemptOutcome.Failed ? 1 : 0;
        return result;
    }
}
