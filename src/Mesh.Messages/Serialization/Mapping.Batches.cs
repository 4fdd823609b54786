using System.Collections.ObjectModel;
using Google.Protobuf.Collections;
using Mesh.Messages.Control;
using Mesh.Messages.Work;

namespace Mesh.Messages.Serialization;

// Files and batches.
internal static partial class Mapping
{
    public static Proto.FileAdded ToProto(FileAdded m) => new() { File = File(m.File), AtTicks = m.At.UtcTicks };

    public static FileAdded FromProto(Proto.FileAdded p) => new(File(p.File), Instant(p.AtTicks));

    public static Proto.FileRemoved ToProto(FileRemoved m) => new() { File = m.File, AtTicks = m.At.UtcTicks };

    public static FileRemoved FromProto(Proto.FileRemoved p) => new(p.File, Instant(p.AtTicks));

    public static Proto.BatchCreated ToProto(BatchCreated m) =>
        new() { Batch = m.Batch, Request = Request(m.Request), AtTicks = m.At.UtcTicks };

    public static BatchCreated FromProto(Proto.BatchCreated p) => new(p.Batch, Request(p.Request), Instant(p.AtTicks));

    public static Proto.BatchValidated ToProto(BatchValidated m) => new() { Batch = m.Batch, Lines = m.Lines, AtTicks = m.At.UtcTicks };

    public static BatchValidated FromProto(Proto.BatchValidated p) => new(p.Batch, p.Lines, Instant(p.AtTicks));

    public static Proto.BatchFailed ToProto(BatchFailed m) =>
        new() { Batch = m.Batch, Faults = { m.Faults.Select(Fault) }, AtTicks = m.At.UtcTicks };

    public static BatchFailed FromProto(Proto.BatchFailed p) => new(p.Batch, [.. p.Faults.Select(Fault)], Instant(p.AtTicks));

    public static Proto.UnitStarted ToProto(UnitStarted m) =>
        new() { Batch = m.Batch, Unit = m.Unit, Vehicle = m.Vehicle.Value, Lines = { Lines(m.Lines) }, AtTicks = m.At.UtcTicks };

    public static UnitStarted FromProto(Proto.UnitStarted p) =>
        new(p.Batch, p.Unit, new VehicleId(p.Vehicle), Lines(p.Lines), Instant(p.AtTicks));

    public static Proto.OutcomesRecorded ToProto(OutcomesRecorded m) =>
        new()
        {
            Batch = m.Batch,
            Units =
            {
                m.Units.Select(u => new Proto.UnitOutcomes
                {
                    Unit = u.Unit,
                    DoneLines = { Lines(u.Done) },
                    FailedLines = { Lines(u.Failed) },
                }),
            },
            Results = m.Results is null ? null : Blob(m.Results),
            Errors = m.Errors is null ? null : Blob(m.Errors),
            AtTicks = m.At.UtcTicks,
        };

    public static OutcomesRecorded FromProto(Proto.OutcomesRecorded p) =>
        new(
            p.Batch,
            [.. p.Units.Select(u => new UnitOutcomes(u.Unit, Lines(u.DoneLines), Lines(u.FailedLines)))],
            p.Results is null ? null : Blob(p.Results),
            p.Errors is null ? null : Blob(p.Errors),
            Instant(p.AtTicks));

    public static Proto.UnitEnded ToProto(UnitEnded m) => new() { Unit = m.Unit, How = (int)m.How, AtTicks = m.At.UtcTicks };

    public static UnitEnded FromProto(Proto.UnitEnded p) => new(p.Unit, Defined((UnitEnd)p.How), Instant(p.AtTicks));

    public static Proto.BatchOnly ToProto(BatchCancelling m) => new() { Batch = m.Batch, AtTicks = m.At.UtcTicks };

    public static BatchCancelling CancellingFromProto(Proto.BatchOnly p) => new(p.Batch, Instant(p.AtTicks));

    public static Proto.BatchFinalizing ToProto(BatchFinalizing m) =>
        new() { Batch = m.Batch, Expired = m.Expired, AtTicks = m.At.UtcTicks };

    public static BatchFinalizing FromProto(Proto.BatchFinalizing p) => new(p.Batch, p.Expired, Instant(p.AtTicks));

    public static Proto.BatchEnded ToProto(BatchEnded m) =>
        new()
        {
            Batch = m.Batch,
            Status = (int)m.Status,
            Output = m.Output is null ? null : File(m.Output),
            Errors = m.Errors is null ? null : File(m.Errors),
            AtTicks = m.At.UtcTicks,
        };

    public static BatchEnded FromProto(Proto.BatchEnded p) =>
        new(
            p.Batch,
            Defined((BatchStatus)p.Status),
            p.Output is null ? null : File(p.Output),
            p.Errors is null ? null : File(p.Errors),
            Instant(p.AtTicks));

    public static Proto.BatchOnly ToProto(BatchForgotten m) => new() { Batch = m.Batch, AtTicks = m.At.UtcTicks };

    public static BatchForgotten ForgottenFromProto(Proto.BatchOnly p) => new(p.Batch, Instant(p.AtTicks));

    public static Proto.BlobsRemoved ToProto(BlobsRemoved m) => new() { Blobs = { m.Blobs.Select(Blob) }, AtTicks = m.At.UtcTicks };

    public static BlobsRemoved FromProto(Proto.BlobsRemoved p) => new([.. p.Blobs.Select(Blob)], Instant(p.AtTicks));

    public static Proto.FileAnswer ToProto(AddFile m) => new() { File = File(m.File) };

    public static AddFile AddFileFromProto(Proto.FileAnswer p) => new(File(p.File));

    public static Proto.ListFiles ToProto(ListFiles m)
    {
        var p = new Proto.ListFiles { Limit = m.Limit, Ascending = m.Ascending };
        if (m.Purpose is { } purpose)
            p.Purpose = purpose;
        if (m.After is { } after)
            p.After = after;
        return p;
    }

    public static ListFiles FromProto(Proto.ListFiles p) =>
        new(p.HasPurpose ? p.Purpose : null, p.HasAfter ? p.After : null, p.Limit, p.Ascending);

    public static Proto.CreateBatch ToProto(CreateBatch m) => new() { Batch = m.Batch, Request = Request(m.Request) };

    public static CreateBatch FromProto(Proto.CreateBatch p) => new(p.Batch, Request(p.Request));

    public static Proto.ListBatches ToProto(ListBatches m)
    {
        var p = new Proto.ListBatches { Limit = m.Limit, ActiveOnly = m.ActiveOnly };
        if (m.After is { } after)
            p.After = after;
        return p;
    }

    public static ListBatches FromProto(Proto.ListBatches p) => new(p.HasAfter ? p.After : null, p.Limit, p.ActiveOnly);

    public static Proto.FileAnswer ToProto(FileAnswer m) => new() { File = m.File is null ? null : File(m.File) };

    public static FileAnswer FromProto(Proto.FileAnswer p) => new(p.File is null ? null : File(p.File));

    public static Proto.FilePage ToProto(FilePage m) => new() { Files = { m.Files.Select(File) }, HasMore = m.HasMore };

    public static FilePage FromProto(Proto.FilePage p) => new([.. p.Files.Select(File)], p.HasMore);

    public static Proto.BatchAnswer ToProto(BatchAnswer m) => new() { Batch = m.Batch is null ? null : Entry(m.Batch) };

    public static BatchAnswer FromProto(Proto.BatchAnswer p) => new(p.Batch is null ? null : Entry(p.Batch));

    public static Proto.BatchPage ToProto(BatchPage m) =>
        new() { Batches = { m.Batches.Select(Entry) }, HasMore = m.HasMore, UnitsOut = { m.UnitsOut } };

    public static BatchPage FromProto(Proto.BatchPage p) => new([.. p.Batches.Select(Entry)], p.HasMore, [.. p.UnitsOut]);

    public static Proto.BatchExplained ToProto(BatchExplained m)
    {
        var p = new Proto.BatchExplained { Batch = m.Batch, Seed = Node(m.Seed), Term = m.Term, Near = { m.Near } };
        if (m.Document is { } document)
            p.Document = document;
        return p;
    }

    public static BatchExplained FromProto(Proto.BatchExplained p) =>
        new(p.Batch, Node(p.Seed), p.Term, p.HasDocument ? p.Document : null, [.. p.Near]);

    public static Proto.BatchCallRefused ToProto(BatchCallRefused m)
    {
        var p = new Proto.BatchCallRefused { Refusal = (int)m.Refusal, Message = m.Message };
        if (m.Code is { } code)
            p.Code = code;
        if (m.Param is { } param)
            p.Param = param;
        return p;
    }

    public static BatchCallRefused FromProto(Proto.BatchCallRefused p) =>
        new(Defined((BatchRefusal)p.Refusal), p.Message, p.HasCode ? p.Code : null, p.HasParam ? p.Param : null);

    private static Proto.BatchBook Book(BatchBookSnapshot m) =>
        new()
        {
            LastUnit = m.LastUnit,
            Files = { m.Files.Select(File) },
            Batches = { m.Batches.Select(Record) },
            Units =
            {
                m.Units.Select(u => new Proto.UnitLease
                {
                    Unit = u.Unit,
                    Batch = u.Batch,
                    Vehicle = u.Vehicle.Value,
                    Term = u.Term,
                    Lines = { Lines(u.Left) },
                }),
            },
            Orphans = { m.Orphans.Select(o => new Proto.OrphanedBlob { Blob = Blob(o.Blob), SinceTicks = o.Since.UtcTicks }) },
        };

    private static BatchBookSnapshot Book(Proto.BatchBook p) =>
        new(
            p.LastUnit,
            [.. p.Files.Select(File)],
            [.. p.Batches.Select(Record)],
            [.. p.Units.Select(u => new UnitLease(u.Unit, u.Batch, new VehicleId(u.Vehicle), u.Term, Lines(u.Lines)))],
            [.. p.Orphans.Select(o => new OrphanedBlob(Blob(o.Blob), Instant(o.SinceTicks)))]);

    private static Proto.BatchRecord Record(BatchRecord m) =>
        new()
        {
            Entry = Entry(m.Entry),
            Expired = m.Expired,
            DoneLines = { Lines(m.Done) },
            FailedLines = { Lines(m.Failed) },
            Results = { m.Results.Select(Blob) },
            Errors = { m.Errors.Select(Blob) },
        };

    private static BatchRecord Record(Proto.BatchRecord p) =>
        new(
            Entry(p.Entry),
            p.Expired,
            Lines(p.DoneLines),
            Lines(p.FailedLines),
            [.. p.Results.Select(Blob)],
            [.. p.Errors.Select(Blob)]);

    private static Proto.BatchEntry Entry(BatchEntry m)
    {
        var p = new Proto.BatchEntry
        {
            Id = m.Id,
            Request = Request(m.Request),
            Status = (int)m.Status,
            Times = Times(m.Times),
            Faults = { m.Faults.Select(Fault) },
            Total = m.Total,
            Completed = m.Completed,
            Failed = m.Failed,
        };
        if (m.OutputFileId is { } output)
            p.OutputFile = output;
        if (m.ErrorFileId is { } errors)
            p.ErrorFile = errors;
        return p;
    }

    private static BatchEntry Entry(Proto.BatchEntry? p) =>
        new(
            Present(p).Id,
            Request(p!.Request),
            Defined((BatchStatus)p.Status),
            Times(p.Times),
            p.HasOutputFile ? p.OutputFile : null,
            p.HasErrorFile ? p.ErrorFile : null,
            [.. p.Faults.Select(Fault)],
            p.Total,
            p.Completed,
            p.Failed);

    private static Proto.BatchTimes Times(BatchTimes m)
    {
        var p = new Proto.BatchTimes { CreatedAtTicks = m.CreatedAt.UtcTicks, ExpiresAtTicks = m.ExpiresAt.UtcTicks };
        if (m.InProgressAt is { } inProgress)
            p.InProgressAtTicks = inProgress.UtcTicks;
        if (m.FinalizingAt is { } finalizing)
            p.FinalizingAtTicks = finalizing.UtcTicks;
        if (m.CompletedAt is { } completed)
            p.CompletedAtTicks = completed.UtcTicks;
        if (m.FailedAt is { } failed)
            p.FailedAtTicks = failed.UtcTicks;
        if (m.ExpiredAt is { } expired)
            p.ExpiredAtTicks = expired.UtcTicks;
        if (m.CancellingAt is { } cancelling)
            p.CancellingAtTicks = cancelling.UtcTicks;
        if (m.CancelledAt is { } cancelled)
            p.CancelledAtTicks = cancelled.UtcTicks;
        return p;
    }

    private static BatchTimes Times(Proto.BatchTimes? p) =>
        new(Instant(Present(p).CreatedAtTicks), Instant(p!.ExpiresAtTicks))
        {
            InProgressAt = p.HasInProgressAtTicks ? Instant(p.InProgressAtTicks) : null,
            FinalizingAt = p.HasFinalizingAtTicks ? Instant(p.FinalizingAtTicks) : null,
            CompletedAt = p.HasCompletedAtTicks ? Instant(p.CompletedAtTicks) : null,
            FailedAt = p.HasFailedAtTicks ? Instant(p.FailedAtTicks) : null,
            ExpiredAt = p.HasExpiredAtTicks ? Instant(p.ExpiredAtTicks) : null,
            CancellingAt = p.HasCancellingAtTicks ? Instant(p.CancellingAtTicks) : null,
            CancelledAt = p.HasCancelledAtTicks ? Instant(p.CancelledAtTicks) : null,
        };

    private static Proto.NewBatch Request(NewBatch m)
    {
        var p = new Proto.NewBatch
        {
            InputFile = m.InputFileId,
            Endpoint = m.Endpoint,
            WindowTicks = m.Window.Ticks,
            WindowText = m.WindowText,
            Trace = WireTrace.ToWire(m.Trace),
        };
        if (m.Metadata is { } metadata)
        {
            p.Metadata = new Proto.Metadata();
            foreach (var (key, value) in metadata)
                p.Metadata.Pairs[key] = value;
        }

        if (m.IdempotencyKey is { } idempotency)
            p.IdempotencyKey = idempotency;
        if (m.OutputExpiresAfter is { } life)
            p.OutputExpiresAfterTicks = life.Ticks;
        return p;
    }

    private static NewBatch Request(Proto.NewBatch? p) =>
        new(
            Present(p).InputFile,
            p!.Endpoint,
            TimeSpan.FromTicks(p.WindowTicks),
            p.WindowText,
            p.Metadata is null ? null : new ReadOnlyDictionary<string, string>(new SortedDictionary<string, string>(p.Metadata.Pairs, StringComparer.Ordinal)),
            p.HasIdempotencyKey ? p.IdempotencyKey : null,
            p.HasOutputExpiresAfterTicks ? TimeSpan.FromTicks(p.OutputExpiresAfterTicks) : null)
        {
            Trace = WireTrace.FromWire(p.Trace),
        };

    private static Proto.FileEntry File(FileEntry m)
    {
        var p = new Proto.FileEntry
        {
            Id = m.Id,
            Filename = m.Filename,
            Purpose = m.Purpose,
            CreatedAtTicks = m.CreatedAt.UtcTicks,
            Parts = { m.Parts.Select(Blob) },
        };
        if (m.ExpiresAt is { } expires)
            p.ExpiresAtTicks = expires.UtcTicks;
        return p;
    }

    private static FileEntry File(Proto.FileEntry? p) =>
        new(
            Present(p).Id,
            p!.Filename,
            p.Purpose,
            Instant(p.CreatedAtTicks),
            p.HasExpiresAtTicks ? Instant(p.ExpiresAtTicks) : null,
            [.. p.Parts.Select(Blob)]);

    private static Proto.BatchFault Fault(BatchFault m)
    {
        var p = new Proto.BatchFault { Code = m.Code, Message = m.Message };
        if (m.Param is { } param)
            p.Param = param;
        if (m.Line is { } line)
            p.Line = line;
        return p;
    }

    private static BatchFault Fault(Proto.BatchFault p) =>
        new(p.Code, p.Message, p.HasParam ? p.Param : null, p.HasLine ? p.Line : null);

    private static Proto.BlobReference Blob(BlobReference m) => new() { Sha256 = Hash(m.Hash), Size = m.Size };

    private static BlobReference Blob(Proto.BlobReference? p) => new(ArtifactHash.FromBytes(Present(p).Sha256.Span), p!.Size);

    /// <summary>Small numbers, whatever the place in the file: a unit of a thousand neighbouring lines takes three bytes.</summary>
    private static IEnumerable<int> Lines(IReadOnlyList<LineRange> ranges)
    {
        var end = 0;
        foreach (var range in ranges)
        {
            yield return unchecked(range.First - end);
            yield return range.Count;
            end = unchecked(range.First + range.Count);
        }
    }

    private static LineRange[] Lines(RepeatedField<int> wire)
    {
        if (wire.Count % 2 != 0)
            throw new FormatException($"{wire.Count} numbers are no line ranges: each has two");
        var ranges = new LineRange[wire.Count / 2];
        var end = 0;
        for (var i = 0; i < ranges.Length; i++)
        {
            ranges[i] = new LineRange(unchecked(end + wire[2 * i]), wire[2 * i + 1]);
            end = unchecked(ranges[i].First + ranges[i].Count);
        }

        return ranges;
    }
}
