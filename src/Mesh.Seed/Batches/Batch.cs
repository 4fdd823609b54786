using Mesh.Messages;
using Mesh.Messages.Control;

namespace Mesh.Seed.Batches;

/// <summary>A batch as its journal has it. Changed only by <see cref="BatchBook.Apply"/>.</summary>
public sealed class Batch
{
    internal Batch(BatchCreated created)
    {
        Entry = new BatchEntry(
            created.Batch,
            created.Request,
            BatchStatus.Validating,
            new BatchTimes(created.At, created.At + created.Request.Window),
            null,
            null,
            [],
            0,
            0,
            0);
    }

    internal Batch(BatchRecord record)
    {
        Entry = record.Entry;
        Expired = record.Expired;
        Done = new LineSet(record.Done);
        Failed = new LineSet(record.Failed);
        Results = [.. record.Results];
        Errors = [.. record.Errors];
        if (IsOver)
            return;
        var settled = new LineSet(record.Done);
        foreach (var range in record.Failed)
            settled.Add(range);
        var line = 0;
        foreach (var range in settled.Ranges)
        {
            if (range.First > line)
                Pending.Add(new LineRange(line, range.First - line));
            line = range.First + range.Count;
        }

        if (line < Entry.Total)
            Pending.Add(new LineRange(line, Entry.Total - line));
    }

    public BatchEntry Entry { get; internal set; }

    public string Id => Entry.Id;

    /// <summary>It goes to its end because its window ran out.</summary>
    public bool Expired { get; internal set; }

    /// <summary>Lines in the recorded results.</summary>
    public LineSet Done { get; private set; } = new();

    /// <summary>Lines in the recorded errors.</summary>
    public LineSet Failed { get; private set; } = new();

    /// <summary>Lines that have no outcome and that nobody works at.</summary>
    public LineSet Pending { get; private set; } = new();

    /// <summary>Recorded result lines, in the order of their events: the parts of the output file.</summary>
    public List<BlobReference> Results { get; private set; } = [];

    public List<BlobReference> Errors { get; private set; } = [];

    /// <summary>Leases that are open, by their number.</summary>
    public Dictionary<ulong, OpenUnit> Units { get; } = [];

    public bool IsOver => Entry.Status is BatchStatus.Failed or BatchStatus.Completed or BatchStatus.Expired or BatchStatus.Cancelled;

    /// <summary>Lines without an outcome will not be run any more.</summary>
    public bool IsClosing => Entry.Status is BatchStatus.Cancelling or BatchStatus.Finalizing;

    /// <summary>Its input file was found good, and its lines are counted.</summary>
    public bool IsCounted => Entry.Total > 0;

    public bool IsSettled => Pending.Count == 0 && Units.Count == 0;

    /// <summary>When it ended; null while it has not.</summary>
    public DateTimeOffset? EndedAt => Entry.Times.CompletedAt ?? Entry.Times.FailedAt ?? Entry.Times.ExpiredAt ?? Entry.Times.CancelledAt;

    internal BatchRecord ToRecord() => new(Entry, Expired, [.. Done.Ranges], [.. Failed.Ranges], [.. Results], [.. Errors]);

    /// <summary>What only a batch that runs needs.</summary>
    internal void Strip() => (Done, Failed, Pending, Results, Errors) = (new(), new(), new(), [], []);
}

/// <summary>Lines of a batch that are leased to one vehicle. Changed only by <see cref="BatchBook.Apply"/>.</summary>
public sealed class OpenUnit(ulong number, Batch batch, VehicleId vehicle, long term, IReadOnlyList<LineRange> lines)
{
    /// <summary>Unique in the region's life.</summary>
    public ulong Number { get; } = number;

    public Batch Batch { get; } = batch;

    public VehicleId Vehicle { get; } = vehicle;

    /// <summary>That leased it.</summary>
    public long Term { get; } = term;

    /// <summary>Lines without an outcome.</summary>
    public LineSet Left { get; } = new(lines);

    internal UnitLease ToLease() => new(Number, Batch.Id, Vehicle, Term, [.. Left.Ranges]);
}
