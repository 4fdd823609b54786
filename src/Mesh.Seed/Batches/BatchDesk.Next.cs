using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing;

namespace Mesh.Seed.Batches;

// What is to be done next, by itself. The JobRouter asks until nothing comes back.
public sealed partial class BatchDesk
{
    /// <summary>Parts that an output file may have; more are joined before it is published.</summary>
    public const int MaxParts = 64;

    /// <summary>Kinds of troubled lines that are looked at for one lease.</summary>
    private const int MaxPortions = 16;

    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(1);

    /// <summary>While lines wait and nobody takes them, this often it is looked whether somebody can.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    public DeskDecision DecideNext(TimeSpan now, DateTimeOffset wall, Random random) =>
        Finalize(wall) ?? OpenRuns(now) ?? EndUnits(now) ?? CloseOuts() ?? WriteOffs() ?? Publish(now, wall) ?? Lease(now, wall, random) ?? Sweep(wall)
        ?? DeskDecision.Nothing;

    /// <summary>When <see cref="DecideNext"/> has something to do because time has passed.</summary>
    public TimeSpan NextWake(TimeSpan now, DateTimeOffset wall)
    {
        var wake = now + Left(_swept == DateTimeOffset.MinValue ? wall : _swept + SweepEvery);
        foreach (var held in _held.Values)
        {
            if (held.Until < wake && !_ending.Contains(held.Unit) && StageOf(book.Units[held.Unit].Batch.Id) != RunStage.Absent)
                wake = held.Until;
        }

        foreach (var batch in book.Active)
        {
            var course = Course(batch.Id);
            if (course.RetryAt < wake)
                wake = course.RetryAt.Value;
            if (!batch.IsClosing && now + Left(batch.Entry.Times.ExpiresAt) is var expiry && expiry < wake)
                wake = expiry;
            if (batch.Pending.Count > 0 && course.Stage == RunStage.Open && now + LookAgain < wake)
                wake = now + LookAgain;
        }

        return wake;

        TimeSpan Left(DateTimeOffset at) => at > wall ? at - wall : TimeSpan.Zero;
    }

    /// <summary>Windows that ran out, and batches all of whose lines have their outcome.</summary>
    private DeskDecision? Finalize(DateTimeOffset wall)
    {
        List<IBatchEvent> ending =
        [
            .. book.Active.Where(batch => !batch.IsClosing)
                .Where(batch => batch.Entry.Times.ExpiresAt <= wall || (batch.Entry.Status == BatchStatus.InProgress && batch.IsSettled))
                .Select(batch => new BatchFinalizing(batch.Id, !(batch.Entry.Status == BatchStatus.InProgress && batch.IsSettled), wall)),
        ];
        return ending.Count == 0 ? null : new DeskDecision(ending, [], []);
    }

    private DeskDecision? OpenRuns(TimeSpan now)
    {
        var (noted, effects) = (new List<IDeskEvent>(), new List<IDeskEffect>());
        foreach (var batch in book.Active)
        {
            var course = Course(batch.Id);
            if (course.Stage == RunStage.Absent && !(course.RetryAt > now) && NeedsRun(batch))
                Open(batch, now, noted, effects);
        }

        if (noted.Count == 0)
            return null;
        if (effects.Any(effect => effect is AdoptUnit))
            effects.Add(AskVehicles.Instance);
        return new DeskDecision([], noted, effects);
    }

    /// <summary>Leases of batches that end, and those of which nothing was heard in time.</summary>
    private DeskDecision? EndUnits(TimeSpan now)
    {
        var (noted, effects) = (new List<IDeskEvent>(), new List<IDeskEffect>());
        foreach (var held in _held.Values)
        {
            var batch = book.Units[held.Unit].Batch;
            if (_ending.Contains(held.Unit) || !(batch.IsClosing || held.Until <= now) || StageOf(batch.Id) == RunStage.Absent)
                continue;
            noted.Add(new UnitEnding(held.Unit));
            effects.Add(new EndUnit(batch.Id, held.Unit, batch.IsClosing ? UnitEnd.Withdrawn : held.How));
        }

        return noted.Count == 0 ? null : new DeskDecision([], noted, effects);
    }

    private DeskDecision? CloseOuts()
    {
        foreach (var batch in book.Active)
        {
            var course = Course(batch.Id);
            // Lines that are written off are waited for: none gets two.
            if (!batch.IsClosing || batch.Units.Count > 0 || batch.Pending.Count == 0 || course.Stage != RunStage.Open || course.WrittenOff.Count > 0)
                continue;
            var (code, message) = batch.Expired
                ? ("batch_expired", "the batch's completion window ended before this line was run")
                : ("batch_cancelled", "the batch was cancelled before this line was run");
            return new DeskDecision(
                [],
                [new RunStaged(batch.Id, RunStage.ClosingOut, course.Run, null, null)],
                [new CloseOut(batch.Id, [.. batch.Pending.Ranges], code, message, Unread: course.FailedRuns >= settings.MaxClosingTries)]);
        }

        return null;
    }

    private DeskDecision? Publish(TimeSpan now, DateTimeOffset wall)
    {
        foreach (var batch in book.Active)
        {
            var course = Course(batch.Id);
            if (!batch.IsClosing || !batch.IsSettled || NeedsCount(batch) || course.Stage == RunStage.Joining || course.RetryAt > now)
                continue;
            if (batch.Results.Count <= MaxParts && batch.Errors.Count <= MaxParts)
                return End(batch, batch.Results, batch.Errors, wall);
            var run = _lastRun + 1;
            return new DeskDecision(
                [],
                [new RunStaged(batch.Id, RunStage.Joining, run, null, null)],
                [new JoinParts(run, batch.Id, [.. batch.Results], [.. batch.Errors])]);
        }

        return null;
    }

    private static DeskDecision End(Batch batch, IReadOnlyList<BlobReference> results, IReadOnlyList<BlobReference> errors, DateTimeOffset wall)
    {
        var status = batch switch
        {
            { Entry.Status: BatchStatus.Cancelling } => BatchStatus.Cancelled,
            { Expired: true } => BatchStatus.Expired,
            _ => BatchStatus.Completed,
        };
        return new DeskDecision(
            [new BatchEnded(batch.Id, status, File("output", results), File("errors", errors), wall)], [], [new CloseRun(batch.Id)]);

        FileEntry? File(string what, IReadOnlyList<BlobReference> parts) => parts.Count == 0
            ? null
            : new FileEntry(
                $"file-{batch.Id}-{what}",
                $"{batch.Id}_{what}.jsonl",
                "batch_output",
                wall,
                wall + batch.Entry.Request.OutputExpiresAfter,
                [.. parts]);
    }

    /// <summary>The next unit, of the batch whose turn it is, to the vehicle that the router chooses.</summary>
    private DeskDecision? Lease(TimeSpan now, DateTimeOffset wall, Random random)
    {
        if (_held.Count >= settings.MaxOpenUnits)
            return null;
        var next = book.Active
            .Where(batch => batch.Entry.Status == BatchStatus.InProgress && batch.Pending.Count > 0)
            .Select(batch => (Batch: batch, Course: Course(batch.Id)))
            .Where(turn => turn.Course is { Stage: RunStage.Open, Model: not null })
            .OrderBy(turn => turn.Course.Served)
            .ThenBy(turn => turn.Batch.Id, StringComparer.Ordinal);
        foreach (var (batch, course) in next)
        {
            foreach (var (trouble, waiting) in Portions(batch, course))
            {
                if (ChooseVehicle(batch, course, trouble, now, random) is { } vehicle)
                    return Lease(batch, course, trouble, waiting, vehicle, now, wall);
            }
        }

        return null;
    }

    private DeskDecision Lease(
        Batch batch, BatchCourse course, LineTrouble trouble, IEnumerable<LineRange> waiting, RoutedVehicle vehicle, TimeSpan now, DateTimeOffset wall)
    {
        var pace = _speeds.SecondsPerLine(vehicle.Id, vehicle.DeviceClass, course.Model!.Hash);
        var size = UnitSizing.Lines(batch.Pending.Count, Serviceable(), pace, settings);
        var lines = LineSet.First(waiting, Math.Min(size, trouble.MaxUnitLines));
        var unit = book.LastUnit + 1;
        return new DeskDecision(
            [new UnitStarted(batch.Id, unit, vehicle.Id, lines, wall)],
            [new UnitHeld(unit, vehicle.Stream, now, now + Silence(vehicle.Id, course.Model.Hash, lines.Sum(range => range.Count)), UnitEnd.Lost)],
            [new StartUnit(batch.Id, unit, vehicle.Id, vehicle.Stream, lines)]);
    }

    /// <summary>How long nothing may be heard of a unit that has so many lines left.</summary>
    private TimeSpan Silence(VehicleId vehicle, ArtifactHash model, int lines) =>
        UnitSizing.Silence(lines, _speeds.Own(vehicle, model), _speeds.Fleet(model), settings);

    /// <summary>Lines that wait, by what went wrong with them: each kind has vehicles of its own that it does not go to.</summary>
    private static IEnumerable<(LineTrouble Trouble, IEnumerable<LineRange> Waiting)> Portions(Batch batch, BatchCourse course)
    {
        foreach (var (trouble, lines) in course.Troubles.Kinds.Take(MaxPortions))
        {
            if (Waiting(batch, course, lines) is var waiting && waiting.Any())
                yield return (trouble, waiting);
        }

        if (batch.Pending.Ranges.SelectMany(course.Troubles.Lines.Outside) is var fresh && fresh.Any())
            yield return (LineTrouble.None, fresh);
    }

    private RoutedVehicle? ChooseVehicle(Batch batch, BatchCourse course, LineTrouble trouble, TimeSpan now, Random random)
    {
        var model = course.Model!;
        TimeSpan? work = null;
        if (_speeds.Fleet(model.Hash) is { } seconds)
            work = TimeSpan.FromSeconds(seconds * Math.Min(trouble.MaxUnitLines, UnitSizing.Lines(batch.Pending.Count, Serviceable(), seconds, settings)));
        var without = Unavailable(model.Hash, trouble.IsAlone, now);
        // A vehicle that failed them has them again only where there is no other.
        if (trouble.FailedAt.Count > 0 && Candidates(model).Any(vehicle => !trouble.FailedAt.Contains(vehicle.Id)))
            without.UnionWith(trouble.FailedAt);
        return fleet.Choose(Query(model, work, without), now, random) is { } chosen && !without.Contains(chosen.Id) ? chosen : null;
    }

    /// <summary>Vehicles that get no unit now: that have their share, or one that must be alone there, or that rest.</summary>
    private HashSet<VehicleId> Unavailable(ArtifactHash model, bool alone, TimeSpan now)
    {
        var most = alone ? 1 : settings.UnitsPerVehicle;
        var taken = _held.Keys.GroupBy(unit => book.Units[unit].Vehicle)
            .Where(units => units.Count() >= most || units.Any(_alone.Contains))
            .Select(units => units.Key);
        var resting = _rests.Values.Where(rest => rest.Model == model && rest.Until > now).Select(rest => rest.Vehicle);
        return [.. taken, .. resting];
    }

    private int Serviceable() => fleet.Vehicles.Values.Count(fleet.IsServiceable);

    /// <summary>Once a minute: what has expired goes.</summary>
    private DeskDecision? Sweep(DateTimeOffset wall)
    {
        if (wall - _swept < SweepEvery)
            return null;
        var unheld = book.Blobs.UnheldSince(wall - settings.KeepOrphans).Take(settings.MaxRemovals).ToList();
        List<IBatchEvent> gone =
        [
            .. book.Files.Values.Where(file => file.ExpiresAt <= wall && !book.IsNeeded(file.Id)).Select(file => new FileRemoved(file.Id, wall)),
            .. book.Batches.Values.Where(batch => batch.EndedAt + settings.KeepEnded <= wall).Select(batch => new BatchForgotten(batch.Id, wall)),
            .. unheld.Count > 0 ? [new BlobsRemoved(unheld, wall)] : Array.Empty<IBatchEvent>(),
        ];
        return new DeskDecision(gone, [new Swept(wall)], unheld.Count > 0 ? [new RemoveBlobs(unheld)] : []);
    }
}
