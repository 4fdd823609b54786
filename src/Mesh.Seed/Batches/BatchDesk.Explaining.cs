using System.Collections.Immutable;
using System.Globalization;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.Queries;

namespace Mesh.Seed.Batches;

// For operators: how a batch stands and why it waits. Reads only, and nothing decides by it.
public sealed partial class BatchDesk
{
    /// <summary>Units and vehicles that one explanation lists.</summary>
    private const int MaxListed = 50;

    /// <summary>Null when there is no such batch.</summary>
    public BatchFindings? Explain(string id, TimeSpan now, DateTimeOffset wall)
    {
        if (!book.Batches.TryGetValue(id, out var batch))
            return null;
        var course = _courses.GetValueOrDefault(id) ?? new BatchCourse();
        var vehicles = batch.IsOver ? [] : fleet.Vehicles.Values.Select(vehicle => Explain(vehicle, batch, course, now)).ToList();
        return new BatchFindings(batch.Entry, course.Stage, course.Model, [.. Why(batch, course, vehicles, now)], wall)
        {
            RetryIn = course.RetryAt - now is { } left && left > TimeSpan.Zero ? left : null,
            FailedRuns = course.FailedRuns,
            Waiting = batch.Pending.Count,
            Out = batch.Units.Values.Sum(unit => unit.Left.Count),
            Troubled = course.Troubles.Lines.Count,
            SecondsPerLine = course.Model is { } model ? _speeds.Fleet(model.Hash) : null,
            UnitCount = batch.Units.Count,
            Units = [.. batch.Units.Values.OrderBy(unit => unit.Number).Take(MaxListed).Select(unit => Explain(unit, now))],
            VehicleCount = vehicles.Count,
            Vehicles =
            [
                .. vehicles.OrderBy(vehicle => !vehicle.IsEligible).ThenBy(vehicle => vehicle.Vehicle.Value, StringComparer.Ordinal).Take(MaxListed),
            ],
        };
    }

    private UnitFindings Explain(OpenUnit unit, TimeSpan now)
    {
        var held = _held.GetValueOrDefault(unit.Number);
        return new UnitFindings(
            unit.Number,
            unit.Vehicle,
            unit.Left.Count,
            held?.Stream is { } stream && fleet.Find(stream) is not null,
            held is null ? TimeSpan.Zero : now - held.Since,
            held is null || held.Until < now ? TimeSpan.Zero : held.Until - now);
    }

    private IEnumerable<VehicleReason> Why(Batch batch, BatchCourse course, List<BatchVehicle> vehicles, TimeSpan now)
    {
        if (batch.IsOver)
            yield break;
        if (batch.IsClosing)
            yield return new VehicleReason("ENDS", $"it is {Operations.Words.Of(batch.Entry.Status)}: {batch.Units.Count} units are called back, then its files are published");
        if (course.Stage == RunStage.Absent)
        {
            yield return new VehicleReason("NO_RUN", course.RetryAt is { } retry && retry > now
                ? string.Create(CultureInfo.InvariantCulture, $"its run failed {course.FailedRuns} times (the seed's log says why) and is tried again in {(retry - now).TotalSeconds:0.#} s")
                : "its run is to be started");
        }

        if (course.Stage == RunStage.Opening)
            yield return new VehicleReason("READS_INPUT", "its input file is being read and checked");
        if (course is { Stage: RunStage.Open, Model: null } && !batch.IsClosing)
            yield return new VehicleReason("MODEL_AWAY", $"the model of {batch.Entry.Request.Endpoint} is not READY at this seed");
        if (batch.Entry.Status != BatchStatus.InProgress || course is not { Stage: RunStage.Open, Model: not null })
            yield break;
        if (batch.Pending.Count == 0)
        {
            if (batch.Units.Count > 0)
                yield return new VehicleReason("ALL_OUT", $"all lines without an outcome are out in {batch.Units.Count} units", Excludes: false);
            yield break;
        }

        if (_held.Count >= settings.MaxOpenUnits)
            yield return new VehicleReason("UNITS_AT_BOUND", $"{_held.Count} units of all batches are out, as many as may");
        var others = book.Active.Count(other => other != batch && other.Pending.Count > 0);
        if (others > 0)
            yield return new VehicleReason("TAKES_TURNS", $"{others} other batches wait as well, and each gets a unit in turn", Excludes: false);
        if (vehicles.Count == 0)
            yield return new VehicleReason("NO_VEHICLES", "no vehicle has a work stream to this seed, through which its units would go");
        else if (vehicles.Count(vehicle => vehicle.HasOnlyItsShare) is > 0 and var sharing)
            yield return new VehicleReason("NEXT_UNIT_FOLLOWS", $"{sharing} of {vehicles.Count} vehicles have as many units as a vehicle gets, and get the next when one ends", Excludes: false);
        else if (!vehicles.Exists(vehicle => vehicle.IsEligible))
            yield return new VehicleReason("NO_VEHICLE_TAKES_IT", $"none of {vehicles.Count} vehicles takes a unit of it now: see their reasons");
    }

    private BatchVehicle Explain(RoutedVehicle vehicle, Batch batch, BatchCourse course, TimeSpan now)
    {
        ImmutableArray<VehicleReason> reasons = [.. VehicleReasons.ForBatch(vehicle, course.Model, now, fleet.Settings), .. Units(vehicle), .. Rest(vehicle, course, now)];
        return new BatchVehicle(vehicle.Id, reasons);
    }

    private IEnumerable<VehicleReason> Units(RoutedVehicle vehicle)
    {
        var units = _held.Keys.Where(unit => book.Units[unit].Vehicle == vehicle.Id).ToList();
        if (units.Exists(_alone.Contains))
            yield return new VehicleReason("RUNS_A_SUSPECT", "it has a line that took vehicles down before, and gets nothing else meanwhile");
        else if (units.Count >= settings.UnitsPerVehicle)
            yield return new VehicleReason(BatchVehicle.HasItsShare, $"it has {units.Count} units, as many as a vehicle gets");
        if (vehicle.Load.Queued > 0)
            yield return new VehicleReason("INTERACTIVE_FIRST", $"{vehicle.Load.Queued} requests were queued or running there when it last said; units run below them", Excludes: false);
    }

    private IEnumerable<VehicleReason> Rest(RoutedVehicle vehicle, BatchCourse course, TimeSpan now)
    {
        if (course.Model is { } model && _rests.TryGetValue((vehicle.Id, model.Hash), out var rest) && rest.Until > now)
        {
            yield return new VehicleReason("RESTS", string.Create(
                CultureInfo.InvariantCulture,
                $"it {(rest.Unable ? "could run nothing of" : "did not want")} its last {(rest.InARow > 1 ? $"{rest.InARow} units" : "unit")} and gets none for {(rest.Until - now).TotalSeconds:0.#} s more"));
        }

        var failed = course.Troubles.Kinds.Where(kind => kind.Trouble.FailedAt.Contains(vehicle.Id)).Sum(kind => kind.Lines.Count);
        if (failed > 0)
            yield return new VehicleReason("FAILED_LINES", $"{failed} lines failed there and go to others first", Excludes: false);
    }
}
