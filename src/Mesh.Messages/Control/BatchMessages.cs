namespace Mesh.Messages.Control;

// What any seed asks the JobRouter about files and batches. Ids are made by the asking seed, so that a question asked again
// because its answer was lost does nothing twice. An answer means that what it says is durable.

/// <summary>A question about files and batches. Any can be answered with <see cref="BatchCallRefused"/>.</summary>
public interface IBatchCall : IMeshMessage;

/// <summary>Answer: <see cref="FileAnswer"/>.</summary>
public sealed record AddFile(FileEntry File) : IBatchCall;

/// <summary>Whether one more file can be put on record, asked before it is uploaded. Answer: <see cref="FileAnswer"/> of null.</summary>
public sealed record CheckRoom : IBatchCall;

/// <summary>Answer: <see cref="FileAnswer"/>, of null when there is none.</summary>
public sealed record GetFile(string File) : IBatchCall;

/// <summary>Answer: <see cref="FilePage"/>.</summary>
/// <param name="Purpose">Null = any.</param>
/// <param name="After">Exclusive; null = from the start.</param>
public sealed record ListFiles(string? Purpose, string? After, int Limit, bool Ascending) : IBatchCall;

/// <summary>Answer: <see cref="FileAnswer"/> with the entry that was removed, of null when there is none.</summary>
public sealed record RemoveFile(string File) : IBatchCall;

/// <summary>Answer: <see cref="BatchAnswer"/>.</summary>
/// <param name="Batch">The id it gets, unless there is one for this request already.</param>
public sealed record CreateBatch(string Batch, NewBatch Request) : IBatchCall;

/// <summary>Answer: <see cref="BatchAnswer"/>, of null when there is none.</summary>
public sealed record GetBatch(string Batch) : IBatchCall;

/// <summary>Newest first. Answer: <see cref="BatchPage"/>.</summary>
/// <param name="ActiveOnly">Those that have not ended.</param>
public sealed record ListBatches(string? After, int Limit, bool ActiveOnly = false) : IBatchCall;

/// <summary>An operator asks how a batch stands, and why it waits. Answer: <see cref="BatchExplained"/>.</summary>
public sealed record ExplainBatch(string Batch) : IMeshMessage;

/// <summary>Answer: <see cref="BatchAnswer"/>, of null when there is none.</summary>
public sealed record CancelBatch(string Batch) : IBatchCall;

public sealed record FileAnswer(FileEntry? File) : IMeshMessage;

public sealed record FilePage(IReadOnlyList<FileEntry> Files, bool HasMore) : IMeshMessage;

public sealed record BatchAnswer(BatchEntry? Batch) : IMeshMessage;

/// <param name="UnitsOut">Leases that are open, of each of the batches.</param>
public sealed record BatchPage(IReadOnlyList<BatchEntry> Batches, bool HasMore, IReadOnlyList<int> UnitsOut) : IMeshMessage;

/// <summary>How a batch stands with the router that owns it.</summary>
/// <param name="Seed">Where that router is.</param>
/// <param name="Document">
/// A JSON object for operators (docs/explain.md), so that seeds of different versions understand each other; null = there is no
/// such batch.
/// </param>
/// <param name="Near">Ids of batches that there are, where there is none of the one asked for.</param>
public sealed record BatchExplained(string Batch, NodeAddress Seed, long Term, string? Document, IReadOnlyList<string> Near) : IMeshMessage;

/// <summary>Not carried out, and why. <paramref name="Code"/> and <paramref name="Param"/> are OpenAI's.</summary>
public sealed record BatchCallRefused(BatchRefusal Refusal, string Message, string? Code, string? Param) : IMeshMessage;

public enum BatchRefusal
{
    /// <summary>HTTP 400.</summary>
    Invalid = 1,

    /// <summary>HTTP 404.</summary>
    NotFound = 2,

    /// <summary>HTTP 409, for good: clients that retry it must be told not to.</summary>
    Conflict = 3,

    /// <summary>Too many files or batches. HTTP 429.</summary>
    Overloaded = 4,

    /// <summary>No JobRouter now. HTTP 503 with Retry-After.</summary>
    Unavailable = 5,
}
