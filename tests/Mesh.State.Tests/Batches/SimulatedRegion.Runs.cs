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

        if (open is { Counted: true, Closing: true })
        {
            _mailbox.Add(new BatchScanned(open.Run, open.Batch, 0, [], null));
            return;
        }

        IReadOnlyList<BatchFault> faults = !open.Counted && _random.Next(8) == 0 ? [new BatchFault("empty_batch", "no lines", null, null)] : [];
        _runs[open.Batch].HasModel = !open.Closing && (_calm || _random.Next(6) > 0);
        _mailbox.Add(new BatchScanned(open.Run, open.Batch, _sizes[open.Input.Id], faults, _runs[open.Batch].HasModel ? Model() : null));
        Count(_runs[open.Batch].HasModel ? "model there" : open.Closing ? "counted for its end" : "model away");
    }

    private void FindModel()
    {
        foreach (var run in _runs.Values.Where(run => !run.HasModel && Book.Batches.TryGetValue(run.Batch, out var batch) && !batch.IsClosing))
        {
            run.HasModel = true;
            _mailbox.Add(new ModelFound(run.Number, run.Batch, Model()));
        }
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
        if (over.Code is null)
            failed.ForEach(line => CheckVerdict(run.Batch, line, over.Message));
        var blob = Blob(failed.Select(line => (run.Batch, line, false)));
        _mailbox.Add(new OutcomesWritten(run.Number, run.Batch, ++run.LastTicket, [new UnitOutcomes(0, [], over.Lines)], null, blob));
    }

    /// <summary>No line gets the blame for what vehicles do.</summary>
    private void CheckVerdict(string batch, int line, string verdict)
    {
        var key = (Book.Batches[batch].Entry.Request.InputFileId, line);
        if (verdict.StartsWith("it takes vehicles down", StringComparison.Ordinal))
        {
            Assert.Contains(key, _killers);
            Count("killer stopped");
        }
        else
        {
            Assert.True(_failures[(batch, line)] >= Settings.MaxLineFailures);
            Count("line failed for good");
        }
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
        if (vehicle.Stream is null)
            return;
        var kind = _random.Next(3) == 0 ? DepartureKind.Planned : DepartureKind.Vanished;
        Lose(vehicle, kind, forgets: _random.Next(2) == 0);
    }

    private void Lose(SimulatedVehicle vehicle, DepartureKind kind, bool forgets)
    {
        Count("vehicle " + kind);
        var stream = vehicle.Stream!.Value;
        vehicle.Close(forgets);
        var waiting = _state.Desk.DecideStreamGone(stream, kind, _now);
        Learn(new StreamClosed(stream));
        Run(waiting);
    }

    private void Work(SimulatedVehicle vehicle)
    {
        if (vehicle.NextLine() is not { } next)
            return;
        if (FileOf(next.Unit) is { } file && _killers.Contains((file, next.Line)))
        {
            Count("vehicle killed by a line");
            Lose(vehicle, DepartureKind.Vanished, forgets: true);
            return;
        }

        var failed = FileOf(next.Unit) is { } of && _hopeless.Contains((of, next.Line)) || (!_calm && _random.Next(12) == 0);
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

    private string? FileOf(ulong unit) => Book.Units.TryGetValue(unit, out var open) ? open.Batch.Entry.Request.InputFileId : null;

    private void Deliver(SimulatedVehicle vehicle, ulong number, int line, bool failed)
    {
        if (_runs.Values.FirstOrDefault(run => run.Units.ContainsKey(number)) is not { HasModel: true } run || run.Units[number].Vehicle != vehicle.Id)
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
        if (failed)
        {
            unit.Claims.GiveUp(line);
            _failures[(run.Batch, line)] = _failures.GetValueOrDefault((run.Batch, line)) + 1;
            Count("line given up");
        }
        else
        {
            unit.Claims.Take(line);
            run.Gathered.Add((number, line, true));
        }

        if (unit.Claims.IsComplete)
            run.End(number, unit.Claims.GivenUp.Count > 0 ? UnitEnd.Failed : null, Tell);
    }
}
