namespace Mesh.Node.Inference;

/// <summary>One stay on a thread: a job, or several of one model that share a run. Guarded by the engine's lock.</summary>
internal sealed class JobRun(ModelSlot slot, IReadOnlyList<QueuedJob> members, TimeSpan started)
{
    public TimeSpan Started { get; } = started;

    public ModelSlot Slot { get; } = slot;

    public IReadOnlyList<QueuedJob> Members { get; } = members;

    public bool IsUnit { get; } = members[0].Class == JobClass.Unit;

    public int Rows { get; } = Math.Max(1, members.Sum(member => member.Rows));

    /// <summary>Whom the run in ONNX Runtime is for: all of them, or one after the other.</summary>
    public IReadOnlyList<QueuedJob> Serving { get; private set; } = members;

    public RunTermination Termination { get; private set; } = new();

    /// <summary>Ended for an interactive job; its members run again later.</summary>
    public bool Preempted { get; private set; }

    /// <summary>Ended for good: its members are handed back.</summary>
    public bool Stopped { get; private set; }

    /// <summary>Measured time of a row; null when nothing was measured.</summary>
    public TimeSpan? RowCost { get; set; }

    /// <summary>Its joined run gave no answer: each member runs alone.</summary>
    public bool JoinFailed { get; set; }

    /// <summary>Runs in ONNX Runtime that it took.</summary>
    public int Runs { get; set; }

    /// <summary>When nobody of those that it is for waits any more.</summary>
    public TimeSpan LastDeadline => Serving.Max(member => member.Job.IsCancelled ? TimeSpan.MinValue : member.Deadline);

    /// <summary>The members have their runs one by one from here on.</summary>
    public void Serve(QueuedJob member)
    {
        Serving = [member];
        if (!Preempted && !Stopped)
            Termination = new RunTermination();
    }

    /// <summary>One member that nobody waits for any more does not end the run of the others.</summary>
    public void EndIfUnwanted(TimeSpan now)
    {
        if (Serving.All(member => member.Job.IsCancelled || member.Deadline <= now))
            Termination.Request();
    }

    public void Preempt()
    {
        Preempted = true;
        Termination.Request();
    }

    public void Stop()
    {
        Stopped = true;
        Termination.Request();
    }
}
