namespace Mesh.Messages.Control;

// What the JobRouter journals of files and batches: units and their outcomes in groups, so that the cost is per work unit
// and not per line. Lines are named by their index in the batch, from 0.

/// <summary>An event about files and batches.</summary>
public interface IBatchEvent : IRouterEvent
{
    DateTimeOffset At { get; }
}

/// <summary><paramref name="Count"/> lines from index <paramref name="First"/> on.</summary>
public readonly record struct LineRange(int First, int Count);

public sealed record FileAdded(FileEntry File, DateTimeOffset At) : IBatchEvent;

/// <summary>Deleted by a client, or expired.</summary>
public sealed record FileRemoved(string File, DateTimeOffset At) : IBatchEvent;

public sealed record BatchCreated(string Batch, NewBatch Request, DateTimeOffset At) : IBatchEvent;

/// <summary>Its input file is one that can be run: the batch is in progress.</summary>
/// <param name="Lines">How many there are.</param>
public sealed record BatchValidated(string Batch, int Lines, DateTimeOffset At) : IBatchEvent;

/// <summary>Faults of the whole input file: nothing of it runs.</summary>
public sealed record BatchFailed(string Batch, IReadOnlyList<BatchFault> Faults, DateTimeOffset At) : IBatchEvent;

/// <summary>Lines are leased to a vehicle, by the term that is in office.</summary>
/// <param name="Unit">Unique in the region's life.</param>
public sealed record UnitStarted(string Batch, ulong Unit, VehicleId Vehicle, IReadOnlyList<LineRange> Lines, DateTimeOffset At) : IBatchEvent;

/// <summary>Lines of one unit that have their one outcome now.</summary>
/// <param name="Unit">0 = the seed settled them itself, without a vehicle.</param>
/// <param name="Done">Their result lines are in the event's results.</param>
/// <param name="Failed">Their error lines are in the event's errors.</param>
public sealed record UnitOutcomes(ulong Unit, IReadOnlyList<LineRange> Done, IReadOnlyList<LineRange> Failed);

/// <summary>Outcomes whose lines are durable in the blob store. A unit without lines left is over with it.</summary>
public sealed record OutcomesRecorded(
    string Batch, IReadOnlyList<UnitOutcomes> Units, BlobReference? Results, BlobReference? Errors, DateTimeOffset At) : IBatchEvent;

/// <summary>Why a lease ended before all of its lines had an outcome.</summary>
public enum UnitEnd
{
    /// <summary>The vehicle gave it back.</summary>
    HandedBack = 1,

    /// <summary>The vehicle went without a word, or did not come back with what it had.</summary>
    Lost = 2,

    /// <summary>The vehicle could not run some of its lines.</summary>
    Failed = 3,

    /// <summary>The batch was cancelled or expired, or this router leaves.</summary>
    Withdrawn = 4,
}

/// <summary>The lease ends; its lines without an outcome wait for another vehicle.</summary>
public sealed record UnitEnded(ulong Unit, UnitEnd How, DateTimeOffset At) : IBatchEvent;

public sealed record BatchCancelling(string Batch, DateTimeOffset At) : IBatchEvent;

/// <summary>No more lines are run: all have their outcome, or the window ended (<paramref name="Expired"/>).</summary>
public sealed record BatchFinalizing(string Batch, bool Expired, DateTimeOffset At) : IBatchEvent;

/// <summary>Every line has its outcome and the files of it are published.</summary>
/// <param name="Status">Completed, Expired or Cancelled.</param>
/// <param name="Output">Its parts are the recorded results, nothing is copied; null = there are none. As <paramref name="Errors"/>.</param>
public sealed record BatchEnded(string Batch, BatchStatus Status, FileEntry? Output, FileEntry? Errors, DateTimeOffset At) : IBatchEvent;

/// <summary>A batch that ended long ago leaves the record.</summary>
public sealed record BatchForgotten(string Batch, DateTimeOffset At) : IBatchEvent;

/// <summary>Content that nothing referred to any more is gone from the blob store.</summary>
public sealed record BlobsRemoved(IReadOnlyList<BlobReference> Blobs, DateTimeOffset At) : IBatchEvent;

/// <summary>A lease that is open.</summary>
/// <param name="Left">Lines without an outcome.</param>
public sealed record UnitLease(ulong Unit, string Batch, VehicleId Vehicle, long Term, IReadOnlyList<LineRange> Left);

/// <summary>A batch in a snapshot; the line sets are empty once it has ended.</summary>
public sealed record BatchRecord(
    BatchEntry Entry,
    bool Expired,
    IReadOnlyList<LineRange> Done,
    IReadOnlyList<LineRange> Failed,
    IReadOnlyList<BlobReference> Results,
    IReadOnlyList<BlobReference> Errors);

/// <summary>Content that nothing has referred to since then.</summary>
public sealed record OrphanedBlob(BlobReference Blob, DateTimeOffset Since);

/// <summary>The part of a router's snapshot about files and batches.</summary>
public sealed record BatchBookSnapshot(
    ulong LastUnit,
    IReadOnlyList<FileEntry> Files,
    IReadOnlyList<BatchRecord> Batches,
    IReadOnlyList<UnitLease> Units,
    IReadOnlyList<OrphanedBlob> Orphans)
{
    public static BatchBookSnapshot Empty { get; } = new(0, [], [], [], []);
}
