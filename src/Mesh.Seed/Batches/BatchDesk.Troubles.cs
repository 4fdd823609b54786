using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.Choice;
using Mesh.Seed.Routing.Policies;

namespace Mesh.Seed.Batches;

// Whose fault it is when lines get no answer: a vehicle's, which then rests, or the line's, which then gets an error.
public sealed partial class BatchDesk
{
    private const int MaxDoublings = 10;

    /// <summary>Of the chance that a line's losses were no fault of its own: one in a thousand million.</summary>
    private static readonly double LogOfChance = Math.Log(1e-9);

    /// <summary>A vehicle that just showed that it takes no units of the model, or cannot run it.</summary>
    public bool Rests(VehicleId vehicle, ArtifactHash model, TimeSpan now) =>
        _rests.TryGetValue((vehicle, model), out var rest) && rest.Until > now;

    public LineTrouble TroubleOf(string batch, int line) => Course(batch).Troubles.Of(line);

    private void Proven(VehicleProven proven)
    {
        if (_proven.Count >= MaxRemembered)
            _proven.Clear();
        _proven.Add((proven.Vehicle, proven.Model));
        _rests.Remove((proven.Vehicle, proven.Model));
    }

    private void Rested(VehicleRested rested)
    {
        if (_rests.Count >= MaxRemembered)
            _rests.Clear();
        _rests[(rested.Vehicle, rested.Model)] = rested;
        if (rested.Unable)
            _proven.Remove((rested.Vehicle, rested.Model));
    }

    /// <summary>What the end of a unit says of its vehicle.</summary>
    private IEnumerable<IDeskEvent> Judge(UnitClosed closed, TimeSpan now)
    {
        if (Course(closed.Batch) is not { Model.Hash: var model } course)
            yield break;
        if (closed.Answered > 0)
            yield return new VehicleProven(closed.Vehicle, model);
        var unable = closed is { How: UnitEnd.Failed, Answered: 0 } && !AreAtFault(closed.GivenUp, closed.Vehicle, course);
        // One that is there still did not want it, or let nothing be heard of it; one that left has its reason.
        var unwilling = closed.How is UnitEnd.HandedBack or UnitEnd.Lost
            && _held.GetValueOrDefault(closed.Unit)?.Stream is { } stream && fleet.Find(stream) is not null;
        if (!unable && !unwilling)
            yield break;
        var inARow = closed.Answered > 0 ? 1 : (_rests.GetValueOrDefault((closed.Vehicle, model))?.InARow ?? 0) + 1;
        yield return new VehicleRested(closed.Vehicle, model, now + Pause(settings.RestPause, inARow), inARow, unable);
    }

    private TimeSpan Pause(TimeSpan first, int inARow)
    {
        var pause = first * Math.Pow(2, Math.Clamp(inARow - 1, 0, MaxDoublings));
        return pause < settings.MostPause ? pause : settings.MostPause;
    }

    /// <summary>What the end of a unit, when its vehicle went down with it, says of its lines.</summary>
    private LinesLost? Lost(UnitClosed closed, OpenUnit unit)
    {
        var failed = new LineSet(closed.GivenUp);
        if (closed.How != UnitEnd.Lost
            || _held.GetValueOrDefault(closed.Unit) is not { VanishedAt: { } vanished } held
            || unit.Left.Ranges.SelectMany(failed.Outside).ToList() is not { Count: > 0 } lost)
        {
            return null;
        }

        var seconds = (vanished - held.Since).TotalSeconds;
        var usual = Course(closed.Batch).Model is { Hash: var model } ? _speeds.Own(unit.Vehicle, model) ?? _speeds.Fleet(model) ?? 0 : 0;
        return new LinesLost(closed.Batch, lost, _alone.Contains(closed.Unit) ? new LoneLoss(closed.Vehicle, Math.Max(seconds, usual)) : null);
    }

    /// <summary>For the measure of the fleet's churn; a line that is alone is under suspicion itself.</summary>
    private IEnumerable<IDeskEvent> LeaseEnded(ulong unit, bool lost, TimeSpan now)
    {
        if (!_alone.Contains(unit) && _held.TryGetValue(unit, out var held))
            yield return new LeaseOver(lost, (held.VanishedAt ?? now) - held.Since);
    }

    /// <summary>Each of the lines failed already where others were answered.</summary>
    private bool AreAtFault(IReadOnlyList<LineRange> lines, VehicleId vehicle, BatchCourse course) => lines.All(range =>
        !course.Troubles.Lines.Outside(range).Any()
        && course.Troubles.Kinds.Where(kind => kind.Lines.Within(range).Any())
            .All(kind => kind.Trouble.FailedAt.Any(other => other != vehicle && _proven.Contains((other, course.Model!.Hash)))));

    /// <summary>Lines that have failed, or were lost with their vehicles, so often that no other vehicle shall try.</summary>
    private DeskDecision? WriteOffs()
    {
        foreach (var batch in book.Active)
        {
            var course = Course(batch.Id);
            if (batch.IsClosing || course is not { Stage: RunStage.Open, Model: not null })
                continue;
            foreach (var (trouble, lines) in course.Troubles.Kinds)
            {
                if (Verdict(trouble, course.Model) is not { } verdict || Waiting(batch, course, lines).ToList() is not { Count: > 0 } over)
                    continue;
                return new DeskDecision(
                    [], [new LinesWrittenOff(batch.Id, over)], [new CloseOut(batch.Id, over, null, verdict, Unread: false)]);
            }
        }

        return null;
    }

    /// <summary>Why lines of this trouble get an error; null while they do not.</summary>
    private string? Verdict(LineTrouble trouble, ModelReference model)
    {
        if (IsHopeless(trouble, model))
            return $"no vehicle could run it: it failed {trouble.Failures} times at {trouble.FailedAt.Count} of them";
        return IsDeadly(trouble) ? $"it takes vehicles down: {trouble.LostAlone.Count} were lost while they ran nothing but this line" : null;
    }

    /// <summary>
    /// It took several vehicles down while it was alone there (one may have a reason of its own; where there is but one, more
    /// losses are waited for), and so often that the churn of the fleet is no explanation.
    /// </summary>
    private bool IsDeadly(LineTrouble trouble)
    {
        var lost = trouble.LostAlone;
        return lost.Count >= settings.LeastLineLosses
            && (lost.Count >= 3 * settings.LeastLineLosses || lost.DistinctBy(loss => loss.Vehicle).Count() >= settings.LeastLineLosses)
            && lost.Sum(loss => Math.Log(_losses.Chance(loss.Seconds))) <= LogOfChance;
    }

    private bool IsHopeless(LineTrouble trouble, ModelReference model)
    {
        if (trouble.FailedAt.Count(vehicle => _proven.Contains((vehicle, model.Hash))) >= settings.MaxLineFailures)
            return true;
        if (trouble.Failures < settings.MaxLineTries)
            return false;
        var others = Candidates(model).Where(vehicle => !trouble.FailedAt.Contains(vehicle.Id)).ToList();
        return others.Count == 0
            || (trouble.FailedAt.Count >= settings.MaxLineFailures && !others.Exists(vehicle => _proven.Contains((vehicle.Id, model.Hash))));
    }

    /// <summary>Vehicles that may have the model, with room or without.</summary>
    private IEnumerable<RoutedVehicle> Candidates(ModelReference model)
    {
        var query = Query(model, null, new HashSet<VehicleId>());
        return fleet.Vehicles.Values.Where(vehicle =>
            fleet.IsServiceable(vehicle) && VehicleFilter.Suits(vehicle, vehicle.Find(model.Hash), query, fleet.Settings));
    }

    private ChoiceQuery Query(ModelReference model, TimeSpan? work, IReadOnlySet<VehicleId> without) =>
        new(model, 0, fleet.Place, double.PositiveInfinity, work, without);

    /// <summary>What of these lines nobody works at.</summary>
    private static IEnumerable<LineRange> Waiting(Batch batch, BatchCourse course, LineSet lines) =>
        lines.Ranges.SelectMany(batch.Pending.Within).SelectMany(course.WrittenOff.Outside);
}
