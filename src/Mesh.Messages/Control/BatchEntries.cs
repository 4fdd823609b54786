using System.Diagnostics;

namespace Mesh.Messages.Control;

// What the JobRouter keeps of files and batches, as its journal holds it and as every seed can be told.

/// <summary>Content in the region's blob store; <paramref name="Size"/> in bytes.</summary>
public sealed record BlobReference(ArtifactHash Hash, long Size);

/// <summary>A file of OpenAI's Files API. Its content is its parts, one after the other: an upload has one, a batch's output many.</summary>
/// <param name="Id"><c>file-…</c></param>
/// <param name="Purpose"><c>batch</c> or <c>batch_output</c></param>
/// <param name="ExpiresAt">Null = never.</param>
public sealed record FileEntry(
    string Id, string Filename, string Purpose, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, IReadOnlyList<BlobReference> Parts)
{
    /// <summary>Bytes of the whole content.</summary>
    public long Bytes => Parts.Sum(part => part.Size);
}

/// <summary>States of OpenAI's Batch object; <c>in_progress</c> for InProgress on the wire.</summary>
public enum BatchStatus
{
    Validating = 1,
    Failed = 2,
    InProgress = 3,
    Finalizing = 4,
    Completed = 5,
    Expired = 6,
    Cancelling = 7,
    Cancelled = 8,
}

/// <summary>A fault of a whole input file.</summary>
/// <param name="Line">Of the input file, from 1; null = of the file as such.</param>
public sealed record BatchFault(string Code, string Message, string? Param, long? Line);

/// <summary>What a client asks for when it creates a batch.</summary>
/// <param name="Endpoint"><c>/v2/models/{m}/infer</c>, with or without a version: that of every line.</param>
/// <param name="Window">Time until the batch expires.</param>
/// <param name="WindowText">As the client wrote it, e.g. <c>24h</c>.</param>
/// <param name="IdempotencyKey">Null = the client sent none.</param>
/// <param name="OutputExpiresAfter">Life of the output and error files; null = without end.</param>
public sealed record NewBatch(
    string InputFileId,
    string Endpoint,
    TimeSpan Window,
    string WindowText,
    IReadOnlyDictionary<string, string>? Metadata,
    string? IdempotencyKey,
    TimeSpan? OutputExpiresAfter)
{
    /// <summary>The call that asked for it, where that is recorded: the spans of the batch's work are linked to it; default = nowhere.</summary>
    public ActivityContext Trace { get; init; }
}

/// <summary>When a batch entered each of its states; null = not (yet).</summary>
public sealed record BatchTimes(DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt)
{
    public DateTimeOffset? InProgressAt { get; init; }

    public DateTimeOffset? FinalizingAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    public DateTimeOffset? FailedAt { get; init; }

    public DateTimeOffset? ExpiredAt { get; init; }

    public DateTimeOffset? CancellingAt { get; init; }

    public DateTimeOffset? CancelledAt { get; init; }
}

/// <summary>A batch as a client sees it.</summary>
/// <param name="Id"><c>batch_…</c></param>
/// <param name="OutputFileId">Null until published, and for ever when there is nothing in it; as <paramref name="ErrorFileId"/>.</param>
/// <param name="Total">Lines; 0 while validating.</param>
/// <param name="Completed">Lines in the output file.</param>
/// <param name="Failed">Lines in the error file.</param>
public sealed record BatchEntry(
    string Id,
    NewBatch Request,
    BatchStatus Status,
    BatchTimes Times,
    string? OutputFileId,
    string? ErrorFileId,
    IReadOnlyList<BatchFault> Faults,
    int Total,
    int Completed,
    int Failed);
