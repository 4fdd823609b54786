using System.Globalization;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Batches;
using Mesh.Seed.Batches.Running;
using Mesh.Seed.Routing;
using static Mesh.State.Tests.Routing.RouterDriver;

namespace Mesh.State.Tests.Batches;

// What runs and vehicles do.
internal sealed partial class SimulatedRegion
{
    private void Open(OpenRun open)
    {
        _runs[open.Batch] = new SimulatedRun(open.Run, open.Batch);
        if (!_calm && _random.Next(10) == 0)
        {
            _mailbox.Add(new RunFailed(open.Run, open.Batch, "the store is away"));
            Count("run failed");
            return;
        }

        IReadOnlyList<BatchFault> faults = !open.Validated && _random.Next(8) == 0 ? [new BatchFault("empty_batch", "no lines", null, null)] : [];
        _mailbox.Add(new BatchScanned(open.Run, open.Batch, _sizes[open.Input.Id], faults, Model()));
    }

    private void Start(StartUnit start)
    {
        _runs[start.Batch].Units[start.Unit] = new SimulatedUnit(start.Vehicle, new UnitClaims(start.Lines));
        if (_vehicles.Find(vehicle => vehicle.Stream == start.Stream) is { } vehicle)
            vehicle.Take(start.Unit, _state.Term, start.Lines);
    }

    private void WriteOff(SimulatedRun run, CloseOut over)
    {
        var failed = new LineSet(over.Lines).Lines.ToList();
        var blob = Blob(failed.Select(line => (run.Batch, line, false)));
        _mailbox.Add(new OutcomesWritten(run.Number, run.Batch, ++run.LastTicket, [new UnitOutcomes(0, [], over.Lines)], null, blob));
    }

    private void Flush()
    {
        foreach (var run in _runs.Values.ToList())
            Flush(run);
    }

    private void Flush(SimulatedRun run)
    {
        if (run.Gathered.Count > 0)
        {
            // Durable before it is told; a router that dies now leaves a blob that nobody refers to.
            var (done, failed) = (run.Gathered.Where(line => line.Done).ToList(), run.Gathered.Where(line => !line.Done).ToList());
            var units = run.Gathered.GroupBy(line => line.Unit).Select(unit => new UnitOutcomes(
                unit.Key,
                LineSet.Of([.. unit.Where(line => line.Done).Select(line => line.Line)]),
                LineSet.Of([.. unit.Where(line => !line.Done).Select(line => line.Line)]))).ToList();
            run.Written[++run.LastTicket] = [.. run.Gathered.Select(line => (line.Unit, line.Line))];
            run.Gathered.Clear();
            _mailbox.Add(new OutcomesWritten(
                run.Number,
                run.Batch,
                run.LastTicket,
                units,
                done.Count > 0 ? Blob(done.Select(line => (run.Batch, line.Line, true))) : null,
                failed.Count > 0 ? Blob(failed.Select(line => (run.Batch, line.Line, false))) : null));
        }

        run.TellClosed(Tell);
    }

    private void Tell(IDeskCommand command) => _mailbox.Add(command);

    /// <summary>Only now may vehicles forget.</summary>
    private void Confirm(SimulatedRun run, long ticket)
    {
        if (!run.Written.Remove(ticket, out var lines))
            return;
        foreach (var vehicle in _vehicles)
            vehicle.Kept.ExceptWith(lines);
    }

    private BlobReference Blob(IEnumerable<(string Batch, int Line, bool Done)> lines)
    {
        var hash = new ArtifactHash((++_lastBlob).ToString("x64", CultureInfo.InvariantCulture));
        _blobs[hash] = [.. lines];
        return new BlobReference(hash, 1);
    }

    private BlobReference Join(IReadOnlyList<BlobReference> parts) => Blob(parts.SelectMany(part => _blobs[part.Hash]).ToList());

    // --- Vehicles ---

    private void Connect(SimulatedVehicle vehicle)
    {
        if (vehicle.Stream is not null)
            return;
        vehicle.Open(new StreamId(++_lastStream));
        Learn(vehicle.Opened);
        TellAll(vehicle);
        Advance();
    }

    private void Disconnect(SimulatedVehicle vehicle)
    {
        if (vehicle.Stream is not { } stream)
            return;
        var kind = _random.Next(3) == 0 ? DepartureKind.Planned : DepartureKind.Vanished;
        Count("vehicle " + kind);
        vehicle.Close(forgets: _random.Next(2) == 0);
        var waiting = _state.Desk.DecideStreamGone(stream, kind, _now);
        Learn(new StreamClosed(stream));
        Run(waiting);
    }

    private void Work(SimulatedVehicle vehicle)
    {
        if (vehicle.NextLine() is not { } next)
            return;
        var failed = !_calm && _random.Next(12) == 0;
        if (!failed)
            vehicle.Kept.Add(next);
        if (vehicle.Stream is not null)
            Deliver(vehicle, next.Unit, next.Line, failed);
    }

    /// <summary>Everything kept is sent again, and then the vehicle says so.</summary>
    private void TellAll(SimulatedVehicle vehicle)
    {
        if (vehicle.Stream is not { } stream)
            return;
        vehicle.Announced(_state.Term);
        foreach (var (unit, line) in vehicle.Kept.Order().ToList())
            Deliver(vehicle, unit, line, false);
        _mailbox.Add(new VehicleToldAll(stream));
    }

    /// <summary>Results again that were sent before, of units that may be over, and a unit given back.</summary>
    private void Misbehave()
    {
        var vehicle = Any(_vehicles);
        if (vehicle.Stream is null || _calm)
            return;
        if (_random.Next(3) > 0 && vehicle.Kept.Count > 0)
        {
            var (unit, line) = Any(vehicle.Kept.Order().ToList());
            Deliver(vehicle, unit, line, false);
        }
        else if (vehicle.GiveBack() is { } unit && _runs.Values.FirstOrDefault(run => run.Units.ContainsKey(unit)) is { } run)
        {
            run.End(unit, UnitEnd.HandedBack, Tell);
            Count("handed back");
        }
    }

    private void Deliver(SimulatedVehicle vehicle, ulong number, int line, bool failed)
    {
        if (_runs.Values.FirstOrDefault(run => run.Units.ContainsKey(number)) is not { } run || run.Units[number].Vehicle != vehicle.Id)
        {
            Count("result stale");
            vehicle.Kept.Remove((number, line));
            return;
        }

        var unit = run.Units[number];
        var claim = unit.Claims.Look(line);
        Count("result " + claim);
        if (claim != LineClaim.Accepted || unit.IsOver)
            return;
        if (failed && run.Fails(line) < Settings.MaxLineFailures)
        {
            unit.Claims.GiveUp(line);
            Count("line given up");
        }
        else
        {
            unit.Claims.Take(line);
            run.Gathered.Add((number, line, !failed));
        }

        if (unit.Claims.IsComplete)
            run.End(number, unit.Claims.GivenUp > 0 ? UnitEnd.Failed : null, Tell);
    }
}
