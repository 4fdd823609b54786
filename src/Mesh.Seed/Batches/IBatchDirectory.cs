using Mesh.Messages.Control;

namespace Mesh.Seed.Batches;

/// <summary>
/// The region's files and batches, kept by the JobRouter singleton wherever it is; the HTTP API of every seed asks here.
/// What a call promises is durable when its task completes.
/// </summary>
/// <remarks>Every call can throw <see cref="BatchRefusedException"/>; <see cref="BatchRefusal.Unavailable"/> when no JobRouter answers in time.</remarks>
public interface IBatchDirectory
{
    /// <summary>Refused when no other file can be put on record: asked before one is uploaded.</summary>
    Task CheckRoomAsync(CancellationToken cancellation);

    /// <summary>Puts a file on record, whose content is in the blob store.</summary>
    Task<FileEntry> AddFileAsync(FileEntry file, CancellationToken cancellation);

    /// <summary>Null when there is no such file, or it expired.</summary>
    Task<FileEntry?> FindFileAsync(string id, CancellationToken cancellation);

    /// <param name="purpose">Null = any.</param>
    /// <param name="after">The id before the first to return, exclusive; null = from the start.</param>
    Task<Page<FileEntry>> ListFilesAsync(string? purpose, string? after, int limit, bool ascending, CancellationToken cancellation);

    /// <summary>False when there is no such file. Refused while a batch that has not ended needs it.</summary>
    Task<bool> DeleteFileAsync(string id, CancellationToken cancellation);

    /// <summary>
    /// Creates a batch. A repeated idempotency key returns the batch that it made (refused when the request differs); without
    /// a key the same file, endpoint, window and metadata within 10 minutes returns the existing batch.
    /// </summary>
    Task<BatchEntry> CreateBatchAsync(NewBatch batch, CancellationToken cancellation);

    /// <summary>Null when there is no such batch.</summary>
    Task<BatchEntry?> FindBatchAsync(string id, CancellationToken cancellation);

    /// <summary>Newest first.</summary>
    Task<Page<BatchEntry>> ListBatchesAsync(string? after, int limit, CancellationToken cancellation);

    /// <summary>Stops a batch: lines without a result will not be run. Null when there is no such batch; refused when it has ended otherwise.</summary>
    Task<BatchEntry?> CancelBatchAsync(string id, CancellationToken cancellation);
}

public sealed record Page<T>(IReadOnlyList<T> Items, bool HasMore);

/// <summary>A call that was not carried out; the message is for the client.</summary>
/// <param name="code">OpenAI's error code, e.g. <c>invalid_input_file_id</c>; null = none.</param>
/// <param name="param">The request's field at fault; null = none.</param>
public sealed class BatchRefusedException(BatchRefusal refusal, string message, string? code = null, string? param = null) : Exception(message)
{
    public BatchRefusal Refusal { get; } = refusal;

    public string? Code { get; } = code;

    public string? Param { get; } = param;
}
