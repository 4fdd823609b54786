using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Batches;
using Mesh.Seed.Batches.Running;
using Mesh.Seed.Routing;
using static Mesh.State.Tests.Routing.RouterDriver;

namespace Mesh.State.Tests.Batches;

/// <summary>A run without files and streams.</summary>
internal sealed class SimulatedRun(long number, string batch)
{
    public long Number => number;

    public string Batch => batch;

    public bool HasModel { get; set; }

    public long LastTicket { get; set; }

    public Dictionary<ulong, SimulatedUnit> Units { get; } = [];

    public List<(ulong Unit, int Line, bool Done)> Gathered { get; } = [];

    public Dictionary<long, List<(ulong Unit, int Line)>> Written { get; } = [];

    /// <summary>It takes no more of the unit; the router hears so once everything gathered is written.</summary>
    public void End(ulong unit, UnitEnd? how, Action<IDeskCommand> tell)
    {
        if (!Units.TryGetValue(unit, out var over))
            tell(new UnitClosed(number, batch, unit, new VehicleId("V-0"), UnitEnd.Lost, null, 0, []));
        else if (!over.IsOver)
            (over.IsOver, over.How) = (true, how);
    }

    public void TellClosed(Action<IDeskCommand> tell)
    {
        foreach (var (unit, over) in Units.Where(unit => unit.Value.IsOver).ToList())
        {
            Units.Remove(unit);
            tell(new UnitClosed(number, batch, unit, over.Vehicle, over.How, 0.5, over.Claims.Taken, over.Claims.GivenUp.Ranges));
        }
    }
}

internal sealed class SimulatedUnit(VehicleId vehicle, UnitClaims claims)
{
    public VehicleId Vehicle => vehicle;

    public UnitClaims Claims => claims;

    public bool IsOver { get; set; }

    public UnitEnd? How { get; set; }
}

/// <summary>Runs lines, keeps results until they are acknowledged.</summary>
internal sealed class SimulatedVehicle(VehicleId id)
{
    private readonly List<(ulong Unit, long Term, int Line)> _queue = [];
    private ulong _epoch;

    public VehicleId Id => id;

    public StreamId? Stream { get; private set; }

    public StreamOpened Opened => new(Stream!.Value, id, new SessionEpoch(_epoch), Member(id.Value, _epoch), Frankfurt, Load(loaded: "a"));

    public HashSet<(ulong Unit, int Line)> Kept { get; } = [];

    public void Open(StreamId stream) => (Stream, _epoch) = (stream, _epoch + 1);

    public void Close(bool forgets)
    {
        Stream = null;
        _queue.Clear();
        if (forgets)
            Kept.Clear();
    }

    public void Announced(long term) => _queue.RemoveAll(line => line.Term < term);

    public void Take(ulong unit, long term, IReadOnlyList<LineRange> lines) =>
        _queue.AddRange(new LineSet(lines).Lines.Select(line => (unit, term, line)));

    public (ulong Unit, int Line)? NextLine()
    {
        if (_queue.Count == 0)
            return null;
        var (unit, _, line) = _queue[0];
        _queue.RemoveAt(0);
        return (unit, line);
    }

    public ulong? GiveBack()
    {
        if (_queue.Count == 0)
            return null;
        var unit = _queue[0].Unit;
        _queue.RemoveAll(line => line.Unit == unit);
        return unit;
    }
}
