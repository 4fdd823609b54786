using Mesh.Messages;

namespace Mesh.Node.Inference;

/// <summary>
/// A job with its place in the order. Times are spans on the engine's own monotonic axis. Everything that changes is
/// guarded by the engine's lock.
/// </summary>
internal sealed class QueuedJob(InferenceJob job, TimeSpan submitted, long arrival)
{
    public InferenceJob Job { get; } = job;

    public ArtifactHash Model => Job.Model.Hash;

    public TimeSpan Submitted { get; } = submitted;

    /// <summary>Saturates, because a caller without a deadline passes <see cref="TimeSpan.MaxValue"/>.</summary>
    public TimeSpan Deadline { get; } =
        job.Budget > TimeSpan.MaxValue - submitted ? TimeSpan.MaxValue : submitted + job.Budget;

    public long Arrival { get; } = arrival;

    /// <summary>Smaller runs first: 0 on the wire means the default, which is the lowest.</summary>
    public uint Rank { get; } = job.Priority == 0 ? uint.MaxValue : job.Priority;

    /// <summary>Bytes of input that the job keeps in memory while it waits.</summary>
    public long Bytes { get; } = job.Inputs.Sum(input => (long)input.Data.Length);

    public JobClass Class => Job.Class;

    /// <summary>First dimension of its inputs; 0 when it cannot share a run.</summary>
    public int Rows { get; } = BatchJoin.RowsOf(job);

    /// <summary>Where it runs; null while it waits.</summary>
    public JobRun? Run { get; set; }

    /// <summary>Where it waits; written by <see cref="JobQueue"/> alone.</summary>
    public WaitingPlace Place { get; set; }

    /// <summary>The loaded model that this job counts for, while it is ready or runs.</summary>
    public ModelSlot? Slot { get; set; }

    /// <summary>How long the job waited for its model to be fetched and loaded.</summary>
    public TimeSpan Load { get; set; }
}

internal enum WaitingPlace
{
    /// <summary>Not in the queue: not admitted, running or done.</summary>
    None,

    /// <summary>Its model is loaded; the next free thread may take it.</summary>
    Ready,

    /// <summary>Its model is being fetched or loaded.</summary>
    Parked,
}
