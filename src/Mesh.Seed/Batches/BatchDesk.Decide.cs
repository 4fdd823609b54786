using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing;

namespace Mesh.Seed.Batches;

// What runs and work streams tell.
public sealed partial class BatchDesk
{
    public DeskDecision Decide(IDeskCommand command, TimeSpan now, DateTimeOffset wall) => command switch
    {
        IRunCommand run when !IsPresent(run) => DeskDecision.Nothing,
        BatchScanned scanned => DecideScanned(scanned, wall),
        ModelFound found => new DeskDecision([], [new RunStaged(found.Batch, StageOf(found.Batch), found.Run, null, found.Model)], []),
        RunFailed failed => DecideFailed(failed, now),
        OutcomesWritten written => DecideWritten(written, now, wall),
        UnitClosed closed => DecideClosed(closed, now, wall),
        PartsJoined joined => End(book.Batches[joined.Batch], joined.Results, joined.Errors, wall),
        VehicleToldAll told => DecideTold(told.Stream),
        _ => throw new ArgumentOutOfRangeException(nameof(command), command, "The batch desk knows no such command."),
    };

    /// <summary>A stream of a vehicle ended: it may come back with what it has, unless it said goodbye.</summary>
    public DeskDecision DecideStreamGone(StreamId stream, DepartureKind kind, TimeSpan now)
    {
        var (until, how) = kind == DepartureKind.Planned ? (now, UnitEnd.HandedBack) : (now + settings.ReturnGrace, UnitEnd.Lost);
        return new DeskDecision(
            [],
            [.. _held.Values.Where(held => held.Stream == stream && !_ending.Contains(held.Unit)).OrderBy(held => held.Unit)
                .Select(held => held with
                {
                    Stream = null,
                    Until = until,
                    How = how,
                    VanishedAt = kind == DepartureKind.Planned ? null : now,
                })],
            []);
    }

    /// <summary>After recovery: every batch that has not ended gets its run, and what earlier terms leased is waited for.</summary>
    /// <param name="term">That begins: its runs are told from those of former terms by their numbers.</param>
    public DeskDecision DecideOffice(long term, TimeSpan now)
    {
        var (noted, effects) = (new List<IDeskEvent> { new TookOffice(term) }, new List<IDeskEffect>());
        foreach (var batch in book.Active.Where(NeedsRun))
            Open(batch, now, noted, effects);
        return new DeskDecision([], noted, [.. effects, AskVehicles.Instance]);
    }

    private bool IsPresent(IRunCommand command) =>
        _courses.TryGetValue(command.Batch, out var course) && course.Run == command.Run && course.Stage != RunStage.Absent;

    private DeskDecision DecideScanned(BatchScanned scanned, DateTimeOffset wall)
    {
        var batch = book.Batches[scanned.Batch];
        if (!batch.IsCounted && scanned.Faults.Count > 0)
        {
            return batch.IsClosing
                ? End(batch, [], [], wall)
                : new DeskDecision([new BatchFailed(batch.Id, scanned.Faults, wall)], [], [new CloseRun(batch.Id)]);
        }

        return new DeskDecision(
            batch.IsCounted ? [] : [new BatchValidated(batch.Id, scanned.Lines, wall)],
            [new RunStaged(batch.Id, RunStage.Open, scanned.Run, null, scanned.Model)],
            []);
    }

    private DeskDecision DecideFailed(RunFailed failed, TimeSpan now) => new(
        [],
        [new RunStaged(failed.Batch, RunStage.Absent, failed.Run, now + Pause(settings.RetryPause, Course(failed.Batch).FailedRuns + 1), null)],
        [new CloseRun(failed.Batch)]);

    /// <summary>What a run writes was leased and has no outcome yet; a run that is mistaken about that ends and begins anew.</summary>
    private DeskDecision DecideWritten(OutcomesWritten written, TimeSpan now, DateTimeOffset wall)
    {
        var recorded = new OutcomesRecorded(written.Batch, written.Units, written.Results, written.Errors, wall);
        if (!book.Accepts(recorded))
            return DecideFailed(new RunFailed(written.Run, written.Batch, "it wrote outcomes of lines that are not its own"), now);
        var heard = written.Units.Where(unit => book.Units.TryGetValue(unit.Unit, out var open) && open.Left.Count > LinesOf(unit))
            .Select(unit => _held[unit.Unit])
            .Where(held => held.Stream is not null && !_ending.Contains(held.Unit))
            .Select(held => held with { Until = now + SilenceOf(book.Units[held.Unit]) });
        var over = written.Units.Where(unit => book.Units.TryGetValue(unit.Unit, out var open) && open.Left.Count == LinesOf(unit))
            .SelectMany(unit => LeaseEnded(unit.Unit, false, now));
        return new DeskDecision([recorded], [.. heard, .. over], [new ConfirmOutcomes(written.Batch, written.Run, written.Ticket)]);

        static int LinesOf(UnitOutcomes unit) => unit.Done.Sum(range => range.Count) + unit.Failed.Sum(range => range.Count);
    }

    private TimeSpan SilenceOf(OpenUnit unit) =>
        Course(unit.Batch.Id).Model is { Hash: var model } ? Silence(unit.Vehicle, model, unit.Left.Count) : settings.MostSilence;

    private DeskDecision DecideClosed(UnitClosed closed, TimeSpan now, DateTimeOffset wall)
    {
        var noted = new List<IDeskEvent>();
        if (closed.SecondsPerLine is { } seconds && Course(closed.Batch).Model is { } model)
            noted.Add(new SpeedMeasured(closed.Vehicle, fleet.Vehicles.GetValueOrDefault(closed.Vehicle)?.DeviceClass ?? "", model.Hash, seconds));
        noted.AddRange(Judge(closed, now));
        // A finished unit has left the book with its last outcome.
        if (!book.Units.TryGetValue(closed.Unit, out var unit))
            return new DeskDecision([], noted, []);
        if (closed.GivenUp.Count > 0)
            noted.Add(new LinesFailed(closed.Batch, closed.Vehicle, closed.GivenUp));
        var lost = Lost(closed, unit);
        if (lost is not null)
            noted.Add(lost);
        noted.AddRange(LeaseEnded(closed.Unit, lost is not null, now));
        return new DeskDecision([new UnitEnded(closed.Unit, closed.How ?? UnitEnd.Lost, wall)], noted, []);
    }

    /// <summary>What the vehicle had of units that were leased on other streams or in other terms has arrived.</summary>
    private DeskDecision DecideTold(StreamId stream)
    {
        if (fleet.Find(stream) is not { } vehicle)
            return DeskDecision.Nothing;
        var over = _held.Values
            .Where(held => held.Stream != stream && !_ending.Contains(held.Unit) && book.Units[held.Unit].Vehicle == vehicle.Id)
            .Where(held => StageOf(book.Units[held.Unit].Batch.Id) != RunStage.Absent)
            .OrderBy(held => held.Unit)
            .ToList();
        return new DeskDecision(
            [],
            [.. over.Select(held => new UnitEnding(held.Unit))],
            [.. over.Select(held => new EndUnit(book.Units[held.Unit].Batch.Id, held.Unit, UnitEnd.Lost))]);
    }

    private void Open(Batch batch, TimeSpan now, List<IDeskEvent> noted, List<IDeskEffect> effects)
    {
        var run = noted.Select(NumberOf).Prepend(_lastRun).Max() + 1;
        noted.Add(new RunStaged(batch.Id, RunStage.Opening, run, null, null));
        var request = batch.Entry.Request;
        effects.Add(new OpenRun(run, batch.Id, request, book.Files[request.InputFileId], batch.IsCounted, batch.IsClosing));
        foreach (var unit in batch.Units.Values.OrderBy(unit => unit.Number))
        {
            noted.Add(new UnitHeld(unit.Number, null, now, now + settings.TakeOverGrace, UnitEnd.Lost));
            effects.Add(new AdoptUnit(batch.Id, unit.Number, unit.Vehicle, [.. unit.Left.Ranges]));
        }
    }

    /// <summary>The last number of a run that is taken with the event.</summary>
    private static long NumberOf(IDeskEvent noted) => noted switch
    {
        TookOffice office => office.Term << 32,
        RunStaged staged => staged.Run,
        _ => 0,
    };

    private bool NeedsRun(Batch batch) => batch.IsClosing ? NeedsCount(batch) || !batch.IsSettled : !batch.IsCounted || !batch.IsSettled;

    /// <summary>
    /// It ends before its lines were counted, and each of them shall have its error line; unless the input file cannot be read
    /// at all.
    /// </summary>
    private bool NeedsCount(Batch batch) => !batch.IsCounted && Course(batch.Id).FailedRuns < settings.MaxClosingTries;
}
