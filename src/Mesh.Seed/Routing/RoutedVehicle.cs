using Mesh.Messages;

namespace Mesh.Seed.Routing;

/// <summary>A vehicle as one seed's router sees it while its stream lasts. Changed only by <see cref="RouterState.Apply"/>.</summary>
public sealed class RoutedVehicle(StreamOpened opened)
{
    /// <summary>Weight of a new measurement in the moving averages.</summary>
    private const double Alpha = 0.2;

    /// <summary>Weight of one that is better than the average: a cold start is over at once, and says nothing of what follows.</summary>
    private const double AlphaDown = 0.5;

    /// <summary>A run counts as at most this many times what was expected; if it stays that slow, it gets there.</summary>
    private const double MaxSurprise = 3;

    private const int MaxBusyDoublings = 5;

    private readonly Dictionary<ArtifactHash, double> _serviceMs = [];
    private readonly Dictionary<ArtifactHash, TimeSpan> _leastService = [];
    private int _busyInARow;

    public StreamId Stream { get; } = opened.Stream;

    public VehicleId Id { get; } = opened.Vehicle;

    public SessionEpoch Epoch { get; } = opened.Epoch;

    public NodeAddress Member { get; } = opened.Member;

    public GeoPoint Place { get; } = opened.Place;

    public VehicleLoad Load { get; internal set; } = opened.Load;

    /// <summary>Attempts that this seed has outstanding there.</summary>
    public HashSet<AttemptId> Outstanding { get; } = [];

    /// <summary>Models that were asked for ahead of a request and are not reported as loaded yet.</summary>
    public HashSet<ArtifactHash> Warming { get; } = [];

    /// <summary>Moving average; null before the first ping came back.</summary>
    public TimeSpan? RoundTrip { get; private set; }

    /// <summary>The shortest one measured.</summary>
    public TimeSpan? LeastRoundTrip { get; private set; }

    /// <summary>It said 'busy': left alone until then.</summary>
    public TimeSpan BusyUntil { get; private set; } = TimeSpan.MinValue;

    /// <summary>Attempts of this session that ended here, the answered and the others.</summary>
    public long Answered { get; private set; }

    public long Failed { get; private set; }

    public bool Has(ArtifactHash model) => Load.Loaded.Contains(model);

    /// <summary>Moving average of what one request of this model takes here; null before the first.</summary>
    public TimeSpan? Service(ArtifactHash model) =>
        _serviceMs.TryGetValue(model, out var ms) ? TimeSpan.FromMilliseconds(ms) : null;

    /// <summary>The shortest run of this model here; null before the first.</summary>
    public TimeSpan? LeastService(ArtifactHash model) => _leastService.TryGetValue(model, out var least) ? least : null;

    internal void RoundTripMeasured(TimeSpan sample)
    {
        RoundTrip = RoundTrip is { } average ? average + (sample - average) * Weight(sample < average) : sample;
        LeastRoundTrip = LeastRoundTrip is { } least && least < sample ? least : sample;
    }

    internal void AttemptEnded(AttemptEnded ended, ArtifactHash model, TimeSpan? fleetService, RouterSettings settings)
    {
        Outstanding.Remove(ended.Attempt);
        // Returned without leaving: it is full, whatever its credits say. Each time in a row it is left alone for longer.
        _busyInARow = ended.End == AttemptEnd.Returned && !Load.Draining ? _busyInARow + 1 : 0;
        BusyUntil = _busyInARow == 0 ? TimeSpan.MinValue : ended.At + settings.BusyPause * Math.Pow(2, Math.Min(_busyInARow - 1, MaxBusyDoublings));
        if (ended.End == AttemptEnd.Failed)
            Failed++;
        if (ended.End != AttemptEnd.Answered)
            return;
        Answered++;
        ServiceMeasured(model, ended.Timings.Infer, fleetService);
    }

    private void ServiceMeasured(ArtifactHash model, TimeSpan sample, TimeSpan? fleetService)
    {
        if (!_leastService.TryGetValue(model, out var shortest) || sample < shortest)
            _leastService[model] = sample;
        // A first run is often slow once; taken at its word the vehicle would get no second one to prove better.
        var believed = Service(model) ?? fleetService;
        var ms = Math.Min(sample.TotalMilliseconds, believed?.TotalMilliseconds * MaxSurprise ?? double.MaxValue);
        _serviceMs[model] = _serviceMs.TryGetValue(model, out var average) ? average + (ms - average) * Weight(ms < average) : ms;
    }

    private static double Weight(bool better) => better ? AlphaDown : Alpha;
}
