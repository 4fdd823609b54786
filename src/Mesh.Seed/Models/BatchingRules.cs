using Mesh.Messages;

namespace Mesh.Seed.Models;

/// <summary>Which models may have several requests in one run, and how many.</summary>
internal static class BatchingRules
{
    /// <summary>Without a configuration: gains most of what joining gains, and adds some milliseconds to nobody's run.</summary>
    private const int DefaultMaxBatchSize = 32;

    /// <returns>Null: each request of this model runs alone.</returns>
    public static BatchLimits? For(ServedModel model)
    {
        if (!HasFreeFirstDimension(model.Inputs) || !HasFreeFirstDimension(model.Outputs))
            return null;
        // As in Triton: a configuration that leaves max_batch_size at 0 says that the first dimension is no batch.
        var maxBatchSize = model.Config is { } config ? config.MaxBatchSize : DefaultMaxBatchSize;
        return maxBatchSize < 2 ? null : new BatchLimits(maxBatchSize, model.Config?.MaxQueueDelay ?? TimeSpan.Zero);
    }

    private static bool HasFreeFirstDimension(IReadOnlyList<TensorSpec> specs) =>
        specs.Count > 0 && specs.All(spec => spec.Shape is [-1, ..] && spec.Datatype != TensorDatatype.BYTES);
}
