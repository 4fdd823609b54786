using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing.Choice;

namespace Mesh.Seed.Routing;

/// <summary>A vehicle as one seed's router sees it while its stream lasts. Changed only by <see cref="RouterState.Apply(IRouterStateEvent)"/>.</summary>
public sealed class RoutedVehicle
{
    /// <summary>Weight of a new measurement in the moving averages.</summary>
    private const double Alpha = 0.2;

    /// <summary>Weight of one that is better than the average: a cold start is over at once, and says nothing of what follows.</summary>
    private const double AlphaDown = 0.5;

    private const int MaxBusyDoublings = 5;

    /// <summary>Smaller payloads say nothing of the bandwidth: their way is all latency.</summary>
    private const long MinBandwidthBytes = 64 << 10;

    /// <summary>In place of <see cref="ScoreFacts.LeavesAt"/>.</summary>
    internal const long NotAnnounced = long.MaxValue;

    private readonly Dictionary<AttemptId, Flight> _flights = [];
    private ScoreFacts _facts;
    private VehicleRecord? _record;
    private int _busyInARow;

    internal RoutedVehicle(StreamOpened opened, HardwareClass? hardware)
    {
        (Stream, Id, Epoch, Member, Place) = (opened.Stream, opened.Vehicle, opened.Epoch, opened.Member, opened.Place);
        (DeviceClass, MemoryBytes) = (opened.DeviceClass, opened.MemoryBytes);
        _facts.ParkedAt = (opened.At - opened.ParkedFor).Ticks;
        Cell = GeoCell.Of(Place);
        Class = hardware;
        (Anywhere, InClass, BySize) = (new IndexEntry(this), new IndexEntry(this), new IndexEntry(this));
        Load = opened.Load;
        LoadReported(opened.Load, opened.At);
    }

    public StreamId Stream { get; }

    public VehicleId Id { get; }

    public SessionEpoch Epoch { get; }

    public NodeAddress Member { get; }

    public GeoPoint Place { get; }

    /// <summary>Names the hardware; empty = unknown.</summary>
    public string DeviceClass { get; }

    /// <summary>What inference may use; 0 = unknown.</summary>
    public long MemoryBytes { get; }

    /// <summary>Since when it is parked and plugged in.</summary>
    public TimeSpan ParkedAt => new(_facts.ParkedAt);

    public VehicleLoad Load { get; private set; }

    /// <summary>When it leaves, as it announced; null while it announced nothing.</summary>
    public TimeSpan? LeavesAt => _facts.LeavesAt == NotAnnounced ? null : new TimeSpan(_facts.LeavesAt);

    /// <summary>Attempts that this seed has outstanding there.</summary>
    public Dictionary<AttemptId, Flight>.KeyCollection Outstanding => _flights.Keys;

    /// <summary>Requests queued or running there that are other seeds', as of its last report.</summary>
    public int Others => _facts.Others;

    /// <summary>Requests queued or running there.</summary>
    public int Ahead => _facts.Outstanding + _facts.Others;

    /// <summary>It would start another request at once.</summary>
    public bool IsIdle => Ahead < _facts.Threads;

    /// <summary>Moving average; null before the first ping came back.</summary>
    public TimeSpan? RoundTrip { get; private set; }

    /// <summary>The shortest one measured.</summary>
    public TimeSpan? LeastRoundTrip { get; private set; }

    /// <summary>Milliseconds that a byte takes to get there, averaged over large payloads; null before the first.</summary>
    public double? MsPerByte => _facts.MsPerByte > 0 ? _facts.MsPerByte : null;

    /// <summary>Time of its runs over the fleet's for the same work, averaged; null before the first.</summary>
    public double? Slowness => _facts.Slowness > 0 ? _facts.Slowness : null;

    /// <summary>It said 'busy': left alone until then.</summary>
    public TimeSpan BusyUntil { get; private set; } = TimeSpan.MinValue;

    /// <summary>Attempts of this session that ended here, the answered and the others.</summary>
    public long Answered { get; private set; }

    public long Failed { get; private set; }

    /// <summary>The cluster holds its member unreachable, leaving or down.</summary>
    public bool Unreachable { get; internal set; }

    internal CircuitBreaker Circuit { get; private set; }

    internal GeoCell Cell { get; }

    /// <summary>In the index of all takers.</summary>
    internal IndexEntry Anywhere { get; }

    /// <summary>In the index of takers of its device class.</summary>
    internal IndexEntry InClass { get; }

    /// <summary>In the index of takers of its device class and memory.</summary>
    internal IndexEntry BySize { get; }

    /// <summary>Null where its device class is unknown.</summary>
    internal HardwareClass? Class { get; }

    /// <summary>What is known of models here; few, so that a search beats a dictionary.</summary>
    internal List<ModelOnVehicle> Models { get; } = [];

    /// <summary>Null while nothing is known of its departures.</summary>
    internal DepartureProfile? Departures { get; set; }

    /// <summary>What is known from earlier sessions; null for a newcomer.</summary>
    internal VehicleRecord? Record
    {
        get => _record;
        set
        {
            _record = value;
            AnswersCounted();
        }
    }

    /// <summary>Until the first measured round trip.</summary>
    internal double PriorRoundTripMs
    {
        init => _facts.RoundTripMs = value;
    }

    /// <summary>What scoring reads, side by side: a fleet of a million does not fit into any cache.</summary>
    internal ref readonly ScoreFacts Facts => ref _facts;

    /// <summary>Waits in the fleet's queue of paused vehicles until then; null while it does not.</summary>
    internal TimeSpan? PausedUntil { get; set; }

    /// <summary>The fleet's list of vehicles that would take work but for their circuit, or their room; null while it is in neither.</summary>
    internal List<RoutedVehicle>? Aside { get; set; }

    internal int AsidePosition { get; set; }

    /// <summary>Whether the indices hold it as idle.</summary>
    internal bool ShownIdle { get; set; }

    internal bool CountsAsServiceable { get; set; }

    public bool Has(ArtifactHash model) => Load.Loaded.Contains(model);

    /// <summary>Moving average of what one request of this model takes here; null before the first.</summary>
    public TimeSpan? Service(ArtifactHash model) =>
        Find(model)?.ServiceMs is { } ms ? TimeSpan.FromMilliseconds(ms) : null;

    internal ModelOnVehicle? Find(RoutedModel? model)
    {
        foreach (var known in Models)
        {
            if (ReferenceEquals(known.Model, model))
                return known;
        }

        return null;
    }

    internal ModelOnVehicle? Find(ArtifactHash model) => Models.Find(known => known.Model.Hash == model);

    internal void LoadReported(VehicleLoad load, TimeSpan now)
    {
        Load = load;
        _facts.Threads = Math.Max(1, load.Threads);
        _facts.Others = Math.Max(0, load.Queued - _flights.Count);
        _facts.LimitsModels = load.Consent.Models is not null;
        _facts.LeavesAt = load.LeavesIn is { } left ? (now + left).Ticks : NotAnnounced;
    }

    internal void RoundTripMeasured(TimeSpan sample)
    {
        RoundTrip = RoundTrip is { } average ? average + (sample - average) * Weight(sample < average) : sample;
        _facts.RoundTripMs = RoundTrip.Value.TotalMilliseconds;
        LeastRoundTrip = LeastRoundTrip is { } least && least < sample ? least : sample;
    }

    internal void Started(AttemptStarted started, double expectedMs, long payloadBytes)
    {
        if (_flights.Count == 0)
            _facts.HeadSince = started.At.Ticks;
        _flights[started.Attempt] = new Flight(started.At, expectedMs, payloadBytes);
        _facts.Outstanding = _flights.Count;
        _facts.ExpectedMs += expectedMs;
    }

    /// <summary>The attempt is over, or nobody waits for it any more.</summary>
    /// <returns>What is known of it; null when it was not outstanding here.</returns>
    internal Flight? Over(AttemptId attempt, TimeSpan now)
    {
        if (!_flights.Remove(attempt, out var flight))
            return null;
        // Summed anew from nothing when empty, so that no rounding gathers.
        _facts.ExpectedMs = _flights.Count == 0 ? 0 : Math.Max(0, _facts.ExpectedMs - flight.ExpectedMs);
        _facts.HeadSince = now.Ticks;
        _facts.Outstanding = _flights.Count;
        return flight;
    }

    internal void Ended(AttemptEnded ended, bool blamed, RouterSettings settings)
    {
        // Returned without leaving: it is full, whatever its credits say. Each time in a row it is left alone for longer.
        _busyInARow = ended.End == AttemptEnd.Returned && !Load.Draining ? _busyInARow + 1 : 0;
        BusyUntil = _busyInARow == 0 ? TimeSpan.MinValue : ended.At + settings.BusyPause * Math.Pow(2, Math.Min(_busyInARow - 1, MaxBusyDoublings));
        var circuit = Circuit;
        if (ended.End == AttemptEnd.Failed)
        {
            Failed++;
            if (blamed)
                circuit.Failed(ended.At, settings);
        }
        else if (ended.End is AttemptEnd.Answered or AttemptEnd.Refused)
        {
            Answered++;
            circuit.Succeeded();
        }

        Circuit = circuit;
        AnswersCounted();
    }

    /// <summary>What an attempt that was answered says of the way here.</summary>
    internal void WayMeasured(Flight flight, AttemptEnded ended)
    {
        if (flight.PayloadBytes < MinBandwidthBytes)
            return;
        var way = ended.At - flight.StartedAt - (RoundTrip ?? TimeSpan.Zero) - ended.Timings.Queue - ended.Timings.Infer;
        if (way <= TimeSpan.Zero)
            return;
        var sample = way.TotalMilliseconds / flight.PayloadBytes;
        _facts.MsPerByte = MsPerByte is { } average ? average + (sample - average) * Weight(sample < average) : sample;
    }

    /// <param name="ratio">Of the time a run took to what it takes in the fleet.</param>
    internal void SlownessMeasured(double ratio) =>
        _facts.Slowness = Slowness is { } average ? average + (ratio - average) * Weight(ratio < average) : ratio;

    private void AnswersCounted()
    {
        // The record holds this session's counts as well, a report later.
        _facts.Answered = Math.Max(Answered, _record?.Answered ?? 0);
        _facts.Missed = Math.Max(Failed, (_record?.Failed ?? 0) + (_record?.Lost ?? 0));
    }

    internal static double Weight(bool better) => better ? AlphaDown : Alpha;

    /// <summary>An attempt that is out.</summary>
    /// <param name="ExpectedMs">How long its run was expected to take.</param>
    public readonly record struct Flight(TimeSpan StartedAt, double ExpectedMs, long PayloadBytes);
}
