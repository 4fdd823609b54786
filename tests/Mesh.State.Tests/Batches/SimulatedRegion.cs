using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Batches;
using Mesh.Seed.Batches.Running;
using Mesh.Seed.Routing;
using Mesh.State.Tests.Messages;
using static Mesh.State.Tests.Routing.RouterDriver;

namespace Mesh.State.Tests.Batches;

/// <summary>
/// A JobRouter over a journal in memory, with runs and vehicles that do what real ones may: results late, twice and after the
/// end; vehicles that die, come back, fail lines and give units back; and a router that dies before, within and after any
/// write. One number decides everything. What the runs wrote is kept line by line, to be held against what was accepted.
/// </summary>
internal sealed partial class SimulatedRegion
{
    private static readonly BatchSettings Settings = new()
    {
        FirstUnitLines = 5,
        MaxUnitLines = 12,
        KeepOrphans = TimeSpan.FromMinutes(5),
        KeepEnded = TimeSpan.FromHours(30),
        MaxActive = 6,
    };

    private readonly Random _random;
    private readonly List<IRouterEvent> _journal = [];
    private readonly List<IDeskCommand> _mailbox = [];
    private readonly Dictionary<string, SimulatedRun> _runs = [];
    private readonly List<SimulatedVehicle> _vehicles;
    private readonly Dictionary<ArtifactHash, List<(string Batch, int Line, bool Done)>> _blobs = [];
    private readonly Dictionary<string, int> _sizes = [];
    private readonly HashSet<(string File, int Line)> _killers = [];
    private readonly HashSet<(string File, int Line)> _hopeless = [];
    private readonly Dictionary<(string Batch, int Line), int> _failures = [];
    private (int At, RouterSnapshot Snapshot)? _snapshot;
    private RouterState _state;
    private TimeSpan _now = TimeSpan.FromSeconds(1);
    private DateTimeOffset _wall = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private long _lastStream;
    private int _lastBlob;
    private int _lastName;
    private bool _calm;

    public SimulatedRegion(int seed, int vehicles = 4)
    {
        _random = new Random(seed);
        _vehicles = [.. Enumerable.Range(1, vehicles).Select(i => new SimulatedVehicle(new VehicleId($"V-{i}")))];
        _state = NewState();
        Recover();
    }

    public BatchBook Book => _state.Batches;

    public IReadOnlyList<IRouterEvent> Journal => _journal;

    public Dictionary<string, int> Happened { get; } = [];

    /// <summary>Batches whose creation was answered.</summary>
    public HashSet<string> Accepted { get; } = [];

    public string Transcript => string.Join('\n', _journal.Select(MessageBuilder.Describe));

    public void Step()
    {
        try
        {
            switch (_random.Next(20))
            {
                case 0: Call(); break;
                case 1: Connect(Any(_vehicles)); break;
                case 2: Disconnect(Any(_vehicles)); break;
                case 3 when _random.Next(4) == 0: throw new RouterDied();
                case 4: Pass(TimeSpan.FromSeconds(_random.NextDouble() * 3)); break;
                case 5 when _random.Next(20) == 0: Pass(TimeSpan.FromHours(_random.Next(1, 20))); break;
                case 6: Misbehave(); break;
                case 9: FindModel(); break;
                case 7 or 8: Flush(); break;
                case < 15: Work(Any(_vehicles)); break;
                default: Mail(); break;
            }
        }
        catch (RouterDied)
        {
            Recover();
        }
    }

    /// <summary>Nothing more goes wrong: everything must come to its end.</summary>
    public void Finish()
    {
        _calm = true;
        Recover();
        foreach (var vehicle in _vehicles)
            Connect(vehicle);
        for (var i = 0; i < 5000 && (Book.Active.Count > 0 || _mailbox.Count > 0); i++)
        {
            foreach (var vehicle in _vehicles)
            {
                Connect(vehicle);
                Work(vehicle);
            }

            Flush();
            while (_mailbox.Count > 0)
                Mail();
            Pass(TimeSpan.FromMilliseconds(200));
        }

        Assert.Empty(Book.Active);
        Assert.Empty(Book.Units);
        Assert.Empty(Accepted.Except(Book.Batches.Keys).Except(_journal.OfType<BatchForgotten>().Select(forgotten => forgotten.Batch)));
        foreach (var batch in Book.Batches.Values)
            Check(batch);
        Assert.All(Book.Files.Values.SelectMany(file => file.Parts), part => Assert.True(_blobs.ContainsKey(part.Hash)));
    }

    private void Check(Batch batch)
    {
        var entry = batch.Entry;
        var lines = Lines(entry.OutputFileId).Concat(Lines(entry.ErrorFileId)).ToList();
        Assert.All(lines, line => Assert.Equal(batch.Id, line.Batch));
        // A file that was deleted, or expired, cannot be counted any more.
        if (IsThere(entry.OutputFileId) && IsThere(entry.ErrorFileId))
            Assert.Equal(Enumerable.Range(0, entry.Total), lines.Select(line => line.Line).Order());
        if (IsThere(entry.OutputFileId))
            Assert.Equal(entry.Completed, Lines(entry.OutputFileId).Count(line => line.Done));
        Assert.Equal(entry.Total, entry.Completed + entry.Failed);
        Assert.True(entry.Total == 0 || entry.Total == _sizes[entry.Request.InputFileId]);
        if (entry.Status == BatchStatus.Completed)
            Assert.Equal(_sizes[entry.Request.InputFileId], entry.Total);
        Count("ended " + entry.Status);
    }

    private bool IsThere(string? file) => file is null || Book.Files.ContainsKey(file);

    private IEnumerable<(string Batch, int Line, bool Done)> Lines(string? file) =>
        file is not null && Book.Files.TryGetValue(file, out var entry) ? entry.Parts.SelectMany(part => _blobs[part.Hash]) : [];

    // --- Clients ---

    private void Call()
    {
        IBatchCall call = _random.Next(8) switch
        {
            0 or 1 => AddFile(),
            2 when Book.Batches.Count > 0 => new CancelBatch(Any(Book.Batches.Keys.ToList())),
            3 when Book.Files.Count > 0 && _random.Next(3) == 0 => new RemoveFile(Any(Book.Files.Keys.ToList())),
            _ when Book.Files.Values.Where(file => file.Purpose == "batch").ToList() is { Count: > 0 } inputs =>
                new CreateBatch($"batch_{++_lastName}", Request(Any(inputs).Id)),
            _ => AddFile(),
        };
        Ask(call);
    }

    private AddFile AddFile()
    {
        var file = $"file-{++_lastName}";
        _sizes[file] = _random.Next(1, 60);
        if (_random.Next(4) == 0)
            _killers.Add((file, _random.Next(_sizes[file])));
        if (_random.Next(4) == 0)
            _hopeless.Add((file, _random.Next(_sizes[file])));
        return new AddFile(new FileEntry(
            file, "in.jsonl", "batch", _wall, _random.Next(3) == 0 ? _wall + TimeSpan.FromHours(30) : null, [Blob([])]));
    }

    private NewBatch Request(string file) => new(
        file, "/v2/models/a/infer", TimeSpan.FromHours(24), "24h", null, _random.Next(2) == 0 ? $"key-{_random.Next(30)}" : null, null);

    private void Ask(IBatchCall call)
    {
        var decision = _state.Decide(call, _wall);
        Persist(decision.Events);
        var answer = decision.Answer(Book);
        if (call is CreateBatch create && answer is BatchAnswer { Batch: { } batch })
        {
            Accepted.Add(batch.Id);
            Count(batch.Id == create.Batch ? "created" : "created before");
        }

        if (answer is BatchCallRefused refused)
            Count("refused " + refused.Refusal);
        Advance();
    }

    // --- The router ---

    private static RouterState NewState() => new(new RouterSettings { Batches = Settings }, Frankfurt);

    private void TakeOffice()
    {
        Persist(_state.DecideTerm(_wall));
        Run(_state.Desk.DecideOffice(_state.Term, _now));
        foreach (var vehicle in _vehicles.Where(vehicle => vehicle.Stream is not null))
            Learn(vehicle.Opened);
        Advance();
    }

    private void Recover()
    {
        Count("router died");
        while (true)
        {
            try
            {
                _mailbox.Clear();
                _runs.Clear();
                _state = NewState();
                foreach (var journaled in _journal)
                    _state.Apply(journaled);
                CheckSnapshot();
                TakeOffice();
                return;
            }
            catch (RouterDied)
            {
                Count("router died in recovery");
            }
        }
    }

    /// <summary>The events after a snapshot lead to where all events do.</summary>
    private void CheckSnapshot()
    {
        if (_snapshot is { } taken)
        {
            var other = NewState();
            other.Restore(taken.Snapshot);
            foreach (var journaled in _journal.Skip(taken.At))
                other.Apply(journaled);
            Assert.Equal(MessageBuilder.Describe(_state.ToSnapshot().Batches), MessageBuilder.Describe(other.ToSnapshot().Batches));
        }

        if (_random.Next(3) == 0)
            _snapshot = (_journal.Count, _state.ToSnapshot());
    }

    private void Persist(params IReadOnlyList<IRouterEvent> events)
    {
        if (events.Count == 0)
            return;
        DieNowAndThen();
        _journal.AddRange(events);
        DieNowAndThen();
        foreach (var durable in events)
            _state.Apply(durable);
    }

    private void DieNowAndThen()
    {
        if (!_calm && _random.Next(150) == 0)
            throw new RouterDied();
    }

    private void Run(DeskDecision decision)
    {
        Persist(decision.Journaled);
        foreach (var noted in decision.Noted)
            _state.Apply(noted);
        foreach (var effect in decision.Effects)
        {
            DieNowAndThen();
            Carry(effect);
        }

        Advance();
    }

    private void Advance()
    {
        var next = _state.Desk.DecideNext(_now, _wall, _random);
        if (!next.IsNothing)
            Run(next);
    }

    private void Pass(TimeSpan time)
    {
        // The router is woken when it asked for it, and nothing is to be done before.
        Assert.True(_state.Desk.NextWake(_now, _wall) > _now || !_state.Desk.DecideNext(_now, _wall, new Random(1)).IsNothing);
        _now += time;
        _wall += time;
        Advance();
    }

    private void Mail()
    {
        if (_mailbox.Count == 0)
            return;
        var command = _mailbox[0];
        _mailbox.RemoveAt(0);
        Run(_state.Decide(command, _now, _wall));
    }

    private void Learn(IRouterCommand fact)
    {
        foreach (var change in _state.Decide(fact, _now, _random).Events)
            _state.Apply(change);
    }

    private void Carry(IDeskEffect effect)
    {
        switch (effect)
        {
            case OpenRun open: Open(open); break;
            case AdoptUnit adopt: _runs[adopt.Batch].Units[adopt.Unit] = new SimulatedUnit(adopt.Vehicle, new UnitClaims(adopt.Lines)); break;
            case StartUnit start: Start(start); break;
            case EndUnit end: _runs[end.Batch].End(end.Unit, end.How, Tell); break;
            case CloseOut over: WriteOff(_runs[over.Batch], over); break;
            case JoinParts join: _mailbox.Add(new PartsJoined(join.Run, join.Batch, [Join(join.Results)], [Join(join.Errors)])); break;
            case ConfirmOutcomes confirm: Confirm(_runs[confirm.Batch], confirm.Ticket); break;
            case CloseRun close: _runs.Remove(close.Batch); break;
            case AskVehicles: _vehicles.ForEach(TellAll); break;
            case RemoveBlobs remove: RemoveBlobs(remove); break;
            default: throw new InvalidOperationException($"{effect.GetType()} is unknown here.");
        }
    }

    private void RemoveBlobs(RemoveBlobs remove)
    {
        Count("blobs removed");
        foreach (var blob in remove.Blobs)
        {
            Assert.False(Book.Blobs.IsHeld(blob.Hash));
            Assert.True(_blobs.Remove(blob.Hash));
        }
    }

    private T Any<T>(IReadOnlyList<T> of) => of[_random.Next(of.Count)];

    private void Count(string what) => Happened[what] = Happened.GetValueOrDefault(what) + 1;

    private sealed class RouterDied : Exception;
}
