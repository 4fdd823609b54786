using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing.Choice;
using Mesh.Seed.Routing.Policies;

namespace Mesh.Seed.Routing;

/// <summary>
/// The vehicles as one router sees them, and which of them takes what. Pure; changed only by <see cref="RouterState.Apply(IRouterStateEvent)"/>
/// through the internal methods here, each named after its event.
/// </summary>
public sealed class Fleet(RouterSettings settings, GeoPoint place, IVehicleChoice choice)
{
    /// <summary>Members held unserviceable are remembered beyond their streams, up to this many.</summary>
    private const int MaxUnserviceable = 4096;

    private const double FleetAlpha = 0.1;

    /// <summary>Weight of one attempt in the fleet's share of misses: the last few hundred count.</summary>
    private const double MissAlpha = 0.005;

    private readonly Dictionary<StreamId, RoutedVehicle> _streams = [];
    private readonly Dictionary<VehicleId, RoutedVehicle> _vehicles = [];
    private readonly OrderedDictionary<NodeAddress, bool> _unserviceable = [];
    private readonly Dictionary<ArtifactHash, double> _fleetServiceMs = [];
    private readonly Dictionary<VehicleId, VehicleRecord> _records = [];
    private double _fleetMiss;

    public IReadOnlyDictionary<VehicleId, RoutedVehicle> Vehicles => _vehicles;

    /// <summary>What lasts about vehicles across their sessions, as far as this router knows it.</summary>
    public IReadOnlyDictionary<VehicleId, VehicleRecord> Records => _records;

    public RouterSettings Settings => settings;

    /// <summary>Place of this seed: where requests come from that do not say.</summary>
    public GeoPoint Place => place;

    public RoutedVehicle? Find(StreamId stream) => _streams.GetValueOrDefault(stream);

    /// <summary>It would take work if it had room.</summary>
    public bool IsServiceable(RoutedVehicle vehicle) => VehicleFilter.IsServiceable(vehicle, _unserviceable.Keys);

    public bool HasServiceable() => _vehicles.Values.Any(IsServiceable);

    public bool HasServiceable(GeoPoint origin, double radiusKm) =>
        _vehicles.Values.Any(vehicle => IsServiceable(vehicle) && vehicle.Place.DistanceKm(origin) <= radiusKm);

    /// <summary>The vehicle that takes the work; null when none may take it now.</summary>
    public RoutedVehicle? Choose(in ChoiceQuery query, TimeSpan now, Random random) => choice.Choose(this, query, now, random);

    /// <summary>Vehicles, beside the chosen one, that shall load the model ahead of a request.</summary>
    public IReadOnlyList<RoutedVehicle> ToWarm(ModelReference model, RoutedVehicle chosen)
    {
        var copies = _vehicles.Values.Count(v => v == chosen || v.Has(model.Hash) || v.Warming.Contains(model.Hash));
        if (copies >= settings.WarmCopies)
            return [];
        return
        [
            .. _vehicles.Values
                .Where(v => v != chosen && !v.Has(model.Hash) && !v.Warming.Contains(model.Hash))
                .Where(IsServiceable)
                .OrderBy(v => Score(v, model, 0))
                .ThenBy(v => v.Id.Value, StringComparer.Ordinal)
                .Take(settings.WarmCopies - copies),
        ];
    }

    /// <summary>Expected time to a good answer from there.</summary>
    public TimeSpan Score(RoutedVehicle vehicle, ModelReference model, long payloadBytes) => ExpectedCompletion.Score(
        vehicle, model, payloadBytes, FleetService(model.Hash), _fleetMiss, _records.GetValueOrDefault(vehicle.Id), place, settings);

    /// <summary>The fastest that any vehicle could answer; null when one of them is not measured yet, or none is there.</summary>
    public TimeSpan? LeastTime(ArtifactHash model)
    {
        TimeSpan? least = null;
        foreach (var vehicle in _vehicles.Values)
        {
            if (ExpectedCompletion.MeasuredFloor(vehicle, model) is not { } floor)
                return null;
            least = least is null || floor < least ? floor : least;
        }

        return least;
    }

    /// <summary>When the next vehicle that said 'busy' is to be tried again; null when none is waited for.</summary>
    public TimeSpan? NextRetry(TimeSpan now)
    {
        TimeSpan? next = null;
        foreach (var vehicle in _vehicles.Values)
        {
            if (vehicle.BusyUntil > now && (next is null || vehicle.BusyUntil < next))
                next = vehicle.BusyUntil;
        }

        return next;
    }

    /// <summary>What one run of the model takes on average in the fleet; null before anyone ran it.</summary>
    public TimeSpan? FleetService(ArtifactHash model) =>
        _fleetServiceMs.TryGetValue(model, out var ms) ? TimeSpan.FromMilliseconds(ms) : null;

    internal void Opened(StreamOpened opened)
    {
        var vehicle = new RoutedVehicle(opened);
        _vehicles[opened.Vehicle] = vehicle;
        _streams[opened.Stream] = vehicle;
    }

    /// <summary>The vehicle that left with its stream, and with the attempts that it had; null when it was replaced before.</summary>
    internal RoutedVehicle? Closed(StreamId stream)
    {
        if (!_streams.Remove(stream, out var vehicle))
            return null;
        _vehicles.Remove(vehicle.Id);
        foreach (var _ in vehicle.Outstanding)
            _fleetMiss += (1 - _fleetMiss) * MissAlpha;
        return vehicle;
    }

    internal void LoadChanged(LoadChanged changed)
    {
        var vehicle = _streams[changed.Stream];
        vehicle.Load = changed.Load;
        vehicle.Warming.ExceptWith(changed.Load.Loaded);
    }

    internal void RoundTripMeasured(RoundTripMeasured measured) => _streams[measured.Stream].RoundTripMeasured(measured.RoundTrip);

    internal void MemberChanged(MemberChanged member)
    {
        if (member.Serviceable)
        {
            _unserviceable.Remove(member.Member);
            return;
        }

        if (_unserviceable.TryAdd(member.Member, true) && _unserviceable.Count > MaxUnserviceable)
            _unserviceable.RemoveAt(0);
    }

    internal void WarmingStarted(WarmingStarted warming) => _streams[warming.Stream].Warming.Add(warming.Hash);

    internal void AttemptStarted(AttemptStarted started) => _streams[started.Stream].Outstanding.Add(started.Attempt);

    internal void AttemptEnded(AttemptEnded ended, ArtifactHash model)
    {
        if (_streams.TryGetValue(ended.Stream, out var vehicle))
            vehicle.AttemptEnded(ended, model, FleetService(model), settings);
        if (ended.End is AttemptEnd.Answered or AttemptEnd.Failed)
            _fleetMiss += ((ended.End == AttemptEnd.Failed ? 1 : 0) - _fleetMiss) * MissAlpha;
        if (ended.End != AttemptEnd.Answered)
            return;
        var sample = ended.Timings.Infer.TotalMilliseconds;
        _fleetServiceMs[model] = _fleetServiceMs.TryGetValue(model, out var average) ? average + (sample - average) * FleetAlpha : sample;
    }

    /// <summary>The attempt's request was closed without it.</summary>
    internal void AttemptDropped(AttemptId attempt, StreamId stream)
    {
        if (_streams.TryGetValue(stream, out var vehicle))
            vehicle.Outstanding.Remove(attempt);
    }

    internal void Learned(IReadOnlyList<VehicleRecord> records)
    {
        foreach (var record in records)
            _records[record.Vehicle] = record;
        Forget();
    }

    private void Forget()
    {
        if (_records.Count <= settings.MaxRecords)
            return;
        // In one sweep with some slack, so that a full book does not sort itself for every newcomer.
        foreach (var oldest in _records.Values.OrderBy(r => r.LastSeen).Take(_records.Count - settings.MaxRecords * 9 / 10).ToList())
            _records.Remove(oldest.Vehicle);
    }
}
