using System.Globalization;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Batches;
using Mesh.Seed.Routing;
using static Mesh.State.Tests.Routing.RouterDriver;

namespace Mesh.State.Tests.Batches;

/// <summary>Drives the JobRouter's state through one term on a clock of our own; runs and vehicles are the test's.</summary>
internal sealed class DeskDriver
{
    private readonly Random _random = new(1);
    private readonly RouterState _state;
    private DateTimeOffset _wall = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private long _lastStream;
    private long _lastTicket;
    private int _lastFile;

    public DeskDriver(BatchSettings? settings = null, long term = 1)
    {
        _state = new RouterState(new RouterSettings { Batches = settings ?? new BatchSettings() }, Frankfurt);
        for (var i = 0; i < term; i++)
            _state.Apply(_state.DecideTerm(_wall));
        Run(_state.Desk.DecideOffice(term, Now));
        Advance();
    }

    public TimeSpan Now { get; private set; } = TimeSpan.FromSeconds(100);

    public BatchBook Book => _state.Batches;

    public BatchDesk Desk => _state.Desk;

    /// <summary>Everything that was to be carried out so far.</summary>
    public List<IDeskEffect> Effects { get; } = [];

    /// <summary>Units out, by their number.</summary>
    public IReadOnlyDictionary<ulong, OpenUnit> Units => Book.Units;

    public StreamId Connect(string vehicle, string deviceClass = "")
    {
        var stream = new StreamId(++_lastStream);
        Learn(new StreamOpened(
            stream, new VehicleId(vehicle), new SessionEpoch((ulong)stream.Value), Member(vehicle, (ulong)stream.Value), Frankfurt, Load(loaded: "a"))
        {
            DeviceClass = deviceClass,
        });
        Advance();
        return stream;
    }

    public void Vanish(string vehicle) => Leave(vehicle, DepartureKind.Vanished);

    public void Leave(string vehicle, DepartureKind kind)
    {
        var stream = _state.Fleet.Vehicles[new VehicleId(vehicle)].Stream;
        var waiting = Desk.DecideStreamGone(stream, kind, Now);
        Learn(new StreamClosed(stream));
        Run(waiting);
        Advance();
    }

    /// <summary>A batch that has no run yet.</summary>
    public Batch Create()
    {
        var file = AddFile();
        Ask(new CreateBatch("batch-" + file, new NewBatch(file, "/v2/models/a/infer", TimeSpan.FromHours(24), "24h", null, null, null)));
        return Book.Batches["batch-" + file];
    }

    public string AddFile()
    {
        var file = string.Create(CultureInfo.InvariantCulture, $"file-{++_lastFile}");
        Ask(new AddFile(new FileEntry(file, "in.jsonl", "batch", _wall, null, [Blob(_lastFile)])));
        return file;
    }

    /// <summary>A batch whose lines can be leased.</summary>
    public Batch Begin(int lines)
    {
        var batch = Create();
        Tell(new BatchScanned(RunOf(batch), batch.Id, lines, [], Model()));
        return batch;
    }

    public long RunOf(Batch batch) => Effects.OfType<OpenRun>().Last(open => open.Batch == batch.Id).Run;

    public void Ask(IBatchCall call)
    {
        foreach (var change in _state.Decide(call, _wall).Events)
            _state.Apply(change);
        Advance();
    }

    public void Tell(IDeskCommand command)
    {
        Run(_state.Decide(command, Now, _wall));
        Advance();
    }

    public void Pass(double seconds)
    {
        Now += TimeSpan.FromSeconds(seconds);
        _wall += TimeSpan.FromSeconds(seconds);
        Advance();
    }

    /// <summary>Lines of a unit got their answers.</summary>
    public void Answer(OpenUnit unit, params LineRange[] lines) => Write(unit.Batch, new UnitOutcomes(unit.Number, lines, []));

    public void Write(Batch batch, UnitOutcomes outcomes) =>
        Tell(new OutcomesWritten(RunOf(batch), batch.Id, ++_lastTicket, [outcomes], null, null));

    /// <summary>A unit is over, after what of it was answered.</summary>
    public void Close(OpenUnit unit, UnitEnd? how, int answered = 0, params LineRange[] givenUp) =>
        Tell(new UnitClosed(RunOf(unit.Batch), unit.Batch.Id, unit.Number, unit.Vehicle, how, null, answered, givenUp));

    /// <summary>Its vehicle could run none of it.</summary>
    public void Fail(OpenUnit unit) => Close(unit, UnitEnd.Failed, 0, [.. unit.Left.Ranges]);

    /// <summary>All of it.</summary>
    public void Finish(OpenUnit unit)
    {
        var lines = unit.Left.Count;
        Answer(unit, [.. unit.Left.Ranges]);
        Close(unit, null, lines);
    }

    public IReadOnlyList<OpenUnit> UnitsOf(string vehicle) =>
        [.. Units.Values.Where(unit => unit.Vehicle.Value == vehicle).OrderBy(unit => unit.Number)];

    public BatchFindings Explain(string batch) => Desk.Explain(batch, Now, _wall)!;

    public void Report(string vehicle, VehicleLoad load)
    {
        Learn(new LoadChanged(_state.Fleet.Vehicles[new VehicleId(vehicle)].Stream, load));
        Advance();
    }

    public IEnumerable<CloseOut> WrittenOff => Effects.OfType<CloseOut>();

    private static BlobReference Blob(int number) => new(new ArtifactHash(number.ToString("x64", CultureInfo.InvariantCulture)), 1);

    private void Learn(IRouterCommand fact)
    {
        foreach (var change in _state.Decide(fact, Now, _random).Events)
            _state.Apply(change);
    }

    private void Run(DeskDecision decision)
    {
        foreach (var durable in decision.Journaled)
            _state.Apply((IRouterEvent)durable);
        foreach (var noted in decision.Noted)
            _state.Apply(noted);
        Effects.AddRange(decision.Effects);
    }

    private void Advance()
    {
        while (Desk.DecideNext(Now, _wall, _random) is { IsNothing: false } next)
            Run(next);
    }
}
