using Mesh.Messages;

namespace Mesh.Node.Inference;

/// <summary>What a run of one model may hold now.</summary>
/// <param name="MaxRows">Sum of the first dimensions; below 2 nothing is joined.</param>
/// <param name="MaxDelay">How long the first may wait for company.</param>
/// <param name="RowCost">Measured time of one row in a run.</param>
internal readonly record struct RunLimits(int MaxRows, TimeSpan MaxDelay, TimeSpan RowCost)
{
    public static RunLimits Alone { get; } = new(1, TimeSpan.Zero, TimeSpan.Zero);
}

/// <summary>Who shares a run with the most urgent job, and until when it is worth waiting for more.</summary>
/// <param name="RunAt">Not later than now: run.</param>
internal readonly record struct JoinDecision(IReadOnlyList<QueuedJob> Members, TimeSpan RunAt);

/// <summary>
/// Dynamic batching, the deciding part: pure. Members have the same class and priority as the head (company must not slow a
/// more urgent job down), the same model, trailing shapes and wanted outputs, and none makes another miss its deadline.
/// </summary>
internal static class BatchJoin
{
    /// <summary>The first dimension that all inputs share; 0 when the job cannot share a run.</summary>
    public static int RowsOf(InferenceJob job)
    {
        if (job.Model.Batching is null || job.Inputs.Count == 0)
            return 0;
        long? rows = null;
        foreach (var input in job.Inputs)
        {
            if (input.Shape.Count == 0 || input.Shape[0] is < 1 or > int.MaxValue || (rows ?? input.Shape[0]) != input.Shape[0])
                return 0;
            rows = input.Shape[0];
        }

        return (int)rows!.Value;
    }

    /// <param name="waiting">Ready jobs in the queue's order.</param>
    /// <param name="head">Position of the job to run.</param>
    public static JoinDecision Decide(IReadOnlyList<QueuedJob> waiting, int head, RunLimits limits, TimeSpan now)
    {
        var first = waiting[head];
        var members = new List<QueuedJob> { first };
        var (rows, endBy) = (first.Rows, first.Deadline);
        if (rows == 0 || limits.MaxRows < 2)
            return new JoinDecision(members, now);
        for (var i = head + 1; i < waiting.Count && rows < limits.MaxRows; i++)
        {
            var other = waiting[i];
            if (other.Class != first.Class || other.Rank != first.Rank)
                break; // The order goes by class and rank first: nobody behind has the same.
            if (rows + other.Rows > limits.MaxRows || !Fit(first, other))
                continue;
            var earliest = other.Deadline < endBy ? other.Deadline : endBy;
            if (now + (limits.RowCost * (rows + other.Rows)) > earliest)
                continue;
            members.Add(other);
            (rows, endBy) = (rows + other.Rows, earliest);
        }

        if (rows >= limits.MaxRows || limits.MaxDelay == TimeSpan.Zero)
            return new JoinDecision(members, now);
        // Held only while one more delay would not cost the deadline either.
        var full = first.Submitted + limits.MaxDelay;
        var latest = endBy - (limits.RowCost * rows) - limits.MaxDelay;
        return new JoinDecision(members, full < latest ? full : latest);
    }

    /// <summary>Whether their inputs can stand one after the other in one tensor each.</summary>
    private static bool Fit(QueuedJob one, QueuedJob other)
    {
        if (one.Model != other.Model || other.Rows == 0 || one.Job.Inputs.Count != other.Job.Inputs.Count)
            return false;
        if (!one.Job.Outputs.SequenceEqual(other.Job.Outputs))
            return false;
        for (var i = 0; i < one.Job.Inputs.Count; i++)
        {
            var (left, right) = (one.Job.Inputs[i], other.Job.Inputs[i]);
            // Also the same bytes a row: else a member too short and one too long would make a whole of the right length.
            if (left.Shape.Count != right.Shape.Count || (long)left.Data.Length * other.Rows != (long)right.Data.Length * one.Rows)
                return false;
            for (var axis = 1; axis < left.Shape.Count; axis++)
            {
                if (left.Shape[axis] != right.Shape[axis])
                    return false;
            }
        }

        return true;
    }
}
