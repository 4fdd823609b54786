using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing.Choice;
using Mesh.Seed.Routing.History;
using Mesh.Seed.Routing.Policies;

namespace Mesh.Seed.Routing;

/// <summary>
/// The vehicles as one router sees them, and which of them takes what. Pure; changed only by <see cref="RouterState.Apply(IRouterStateEvent)"/>
/// through the internal methods here, each named after its event. Nothing on a request's way looks at every vehicle.
/// </summary>
/// <param name="origin">The wall clock's time at zero of the router's own clock, for what goes by the hour of the week.</param>
public sealed partial class Fleet(RouterSettings settings, GeoPoint place, IVehicleChoice choice, DateTimeOffset origin)
{
    /// <summary>Members held unserviceable are remembered beyond their streams, up to this many.</summary>
    private const int MaxUnserviceable = 4096;

    /// <summary>Models that are remembered though no vehicle has them.</summary>
    private const int MaxModels = 4096;

    /// <summary>Device classes told apart; vehicles of further ones count as of none.</summary>
    private const int MaxClasses = 256;

    /// <summary>Weight of one attempt in the fleet's share of misses: the last few hundred count.</summary>
    private const double MissAlpha = 0.005;

    /// <summary>A run counts as at most this many times what its vehicle is known for.</summary>
    private const double MaxSurprise = 3;

    /// <summary>Models remembered for one vehicle, beside those that it has loaded.</summary>
    private const int MaxModelsOfVehicle = 64;

    private readonly Dictionary<StreamId, RoutedVehicle> _streams = [];
    private readonly Dictionary<VehicleId, RoutedVehicle> _vehicles = [];
    private readonly Dictionary<NodeAddress, RoutedVehicle> _members = [];
    private readonly OrderedDictionary<NodeAddress, bool> _unserviceable = [];
    private readonly Dictionary<ArtifactHash, RoutedModel> _models = [];
    private readonly Dictionary<string, HardwareClass> _classes = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<VehicleId, VehicleRecord> _records = [];
    private readonly IndexEntry?[] _warmable = new IndexEntry?[GeographicChoice.MaxExamined];
    private double _fleetMiss;

    /// <summary>Vehicles whose round trip is not measured, and the shortest that ever was.</summary>
    private int _tripless;
    private double _leastTripMs = double.MaxValue;

    public IReadOnlyDictionary<VehicleId, RoutedVehicle> Vehicles => _vehicles;

    /// <summary>What lasts about vehicles across their sessions, as far as this router knows it.</summary>
    public IReadOnlyDictionary<VehicleId, VehicleRecord> Records => _records;

    public RouterSettings Settings => settings;

    /// <summary>Place of this seed: where requests come from that do not say.</summary>
    public GeoPoint Place => place;

    /// <summary>How long vehicles stay, learned from how long they stayed.</summary>
    public DepartureModel Departures { get; } = new(settings.MaxRecords);

    /// <summary>What the last choice met; null = nobody will ask.</summary>
    internal ChoiceTrace? Trace { get; init; }

    /// <summary>What time it was, or will be, on the wall clock.</summary>
    public DateTimeOffset WallClock(TimeSpan at) => origin + at;

    public RoutedVehicle? Find(StreamId stream) => _streams.GetValueOrDefault(stream);

    internal RoutedVehicle? Find(NodeAddress member) => _members.GetValueOrDefault(member);

    /// <summary>The vehicle that takes the work; null when none may take it now.</summary>
    public RoutedVehicle? Choose(in ChoiceQuery query, TimeSpan now, Random random)
    {
        Advance(now);
        Trace?.Begin(new FleetCounts(_vehicles.Count, Takers.Count, _full.Count, _tripped.Count));
        return choice.Choose(this, query, now, random);
    }

    /// <summary>Whether the work may go there now.</summary>
    public bool MayTake(RoutedVehicle vehicle, in ChoiceQuery query, TimeSpan now) =>
        VehicleFilter.TakesNow(vehicle, now, settings) && VehicleFilter.Suits(vehicle, vehicle.Find(ModelOf(query.Model.Hash)), query, settings);

    /// <summary>Expected time to a good answer from there.</summary>
    public TimeSpan Score(RoutedVehicle vehicle, in ChoiceQuery query, TimeSpan now) =>
        TimeSpan.FromMilliseconds(ScoringOf(query, now).Score(vehicle));

    /// <summary>Chance that the vehicle stays for so long from now on: none beyond a departure that it announced, and nearly one before.</summary>
    public double Stay(RoutedVehicle vehicle, TimeSpan now, TimeSpan horizon) =>
        1 - Scoring.ChanceOfLeaving(vehicle, Departures, WallClock(now).UtcTicks, now, horizon.TotalMilliseconds);

    /// <summary>Vehicles, beside the chosen one, that shall load the model ahead of a request.</summary>
    public IReadOnlyList<RoutedVehicle> ToWarm(ModelReference model, RoutedVehicle chosen)
    {
        var known = _models.GetValueOrDefault(model.Hash);
        var wanted = settings.WarmCopies - (known?.Copies ?? 0) - (IsCopy(chosen, known) ? 0 : 1);
        if (wanted <= 0 && known is { Warming: 0 } && known.Copies < _vehicles.Count && IsSwamped(chosen, known))
            wanted = 1;
        if (wanted <= 0 || _vehicles.Count <= settings.WarmCopies - wanted)
            return [];
        var found = Takers.Walk(GeoCell.Of(place), _warmable, _warmable.Length, null);
        if (found < Takers.Count && _warmable.Take(found).Count(entry => CanWarm(entry!.Vehicle)) < wanted)
            found = WalkFitting(model, GeoCell.Of(place), _warmable, null);
        var scoring = ScoringOf(new ChoiceQuery(model, 0, place, double.PositiveInfinity, null, EmptySet), _now);
        return
        [
            .. _warmable.Take(found).Select(entry => entry!.Vehicle)
                .Where(CanWarm)
                .OrderBy(v => scoring.Score(v))
                .ThenBy(v => v.Id.Value, StringComparer.Ordinal)
                .Take(wanted),
        ];

        bool CanWarm(RoutedVehicle v) => v != chosen && !IsCopy(v, known) && ModelPolicy.IsLoadable(v, model, settings);
    }

    /// <summary>Even where it is best off, work of this model waits for longer than it runs: more vehicles should have it.</summary>
    private bool IsSwamped(RoutedVehicle chosen, RoutedModel model) =>
        model.ServiceMs is { } service && chosen.Facts.WaitMs(_now.Ticks, service) > service;

    /// <summary>
    /// The fastest that any vehicle could answer. One that has not run the model needs the shortest round trip, and the
    /// shortest load where it has not got it either. Null before anyone ran it, or while a round trip is not measured.
    /// </summary>
    public TimeSpan? LeastTime(ArtifactHash model)
    {
        if (!_models.TryGetValue(model, out var known) || known.Floors.Count == 0)
            return null;
        var least = known.Floors.Min.Ms;
        if (known.Floors.Count < _vehicles.Count)
        {
            if (_tripless > 0)
                return null;
            least = Math.Min(least, _leastTripMs + (known.Unproven > 0 ? 0 : known.LeastLoadMs ?? 0));
        }

        return TimeSpan.FromMilliseconds(least);
    }

    /// <summary>What one run of the model takes on average in the fleet; null before anyone ran it.</summary>
    public TimeSpan? FleetService(ArtifactHash model) =>
        ModelOf(model)?.ServiceMs is { } ms ? TimeSpan.FromMilliseconds(ms) : null;

    internal RoutedModel? ModelOf(ArtifactHash model) => _models.GetValueOrDefault(model);

    internal Scoring ScoringOf(in ChoiceQuery query, TimeSpan now) =>
        new(settings, Departures, ModelOf(query.Model.Hash), query, _fleetMiss, WallClock(now).UtcTicks, now);

    internal void Opened(StreamOpened opened)
    {
        var hardware = ClassOf(opened.DeviceClass);
        var vehicle = new RoutedVehicle(opened, hardware)
        {
            PriorRoundTripMs = (settings.PriorRoundTrip + settings.PriorRoundTripPerKm * place.DistanceKm(opened.Place)).TotalMilliseconds,
            Unreachable = _unserviceable.ContainsKey(opened.Member),
            Record = _records.GetValueOrDefault(opened.Vehicle),
            Departures = Departures.Find(opened.Vehicle),
        };
        hardware?.Joined();
        _tripless++;
        _vehicles[opened.Vehicle] = vehicle;
        _streams[opened.Stream] = vehicle;
        _members[opened.Member] = vehicle;
        Happened(opened.At);
        LoadedModelsChanged(vehicle);
        Settle(vehicle);
    }

    /// <summary>The vehicle that left with its stream, and with the attempts that it had; null when it was replaced before.</summary>
    internal RoutedVehicle? Closed(StreamId stream)
    {
        if (!_streams.Remove(stream, out var vehicle))
            return null;
        Withdraw(vehicle);
        _vehicles.Remove(vehicle.Id);
        if (_members.GetValueOrDefault(vehicle.Member) == vehicle)
            _members.Remove(vehicle.Member);
        foreach (var model in vehicle.Models)
            Forget(vehicle, model);
        vehicle.Class?.Left();
        _tripless -= vehicle.RoundTrip is null ? 1 : 0;
        foreach (var _ in vehicle.Outstanding)
            _fleetMiss += (1 - _fleetMiss) * MissAlpha;
        return vehicle;
    }

    internal void LoadChanged(LoadChanged changed)
    {
        var vehicle = _streams[changed.Stream];
        Happened(changed.At);
        vehicle.LoadReported(changed.Load, changed.At);
        LoadedModelsChanged(vehicle);
        Settle(vehicle);
    }

    internal void RoundTripMeasured(RoundTripMeasured measured)
    {
        var vehicle = _streams[measured.Stream];
        var least = vehicle.LeastRoundTrip;
        _tripless -= vehicle.RoundTrip is null ? 1 : 0;
        _leastTripMs = Math.Min(_leastTripMs, measured.RoundTrip.TotalMilliseconds);
        vehicle.RoundTripMeasured(measured.RoundTrip);
        if (vehicle.LeastRoundTrip == least)
            return;
        foreach (var model in vehicle.Models)
            FloorChanged(vehicle, model);
    }

    internal void MemberChanged(MemberChanged member)
    {
        if (member.Serviceable)
            _unserviceable.Remove(member.Member);
        else if (_unserviceable.TryAdd(member.Member, true) && _unserviceable.Count > MaxUnserviceable)
            _unserviceable.RemoveAt(0);
        if (!_members.TryGetValue(member.Member, out var vehicle))
            return;
        vehicle.Unreachable = !member.Serviceable;
        Settle(vehicle);
    }

    internal void WarmingStarted(WarmingStarted warming)
    {
        var model = ModelOn(_streams[warming.Stream], warming.Hash);
        if (model.Loaded || model.Warming)
            return;
        model.Warming = true;
        model.Model.Warming++;
        model.Model.Copies++;
        model.Prove();
    }

    /// <summary>It has taken too long: the vehicle no longer counts as one that will have the model.</summary>
    internal void WarmingForgotten(StreamId stream, ArtifactHash hash)
    {
        if (Find(stream)?.Find(hash) is not { Warming: true } model)
            return;
        model.Warming = false;
        model.Model.Warming--;
        model.Model.Copies--;
        model.Prove();
    }

    internal void AttemptStarted(AttemptStarted started, RoutedRequest request)
    {
        var vehicle = _streams[started.Stream];
        Happened(started.At);
        var query = new ChoiceQuery(request.Model, request.PayloadBytes, place, double.PositiveInfinity, request.Work, EmptySet);
        vehicle.Started(started, ScoringOf(query, started.At).RunMs(vehicle), request.PayloadBytes);
        Settle(vehicle);
    }

    internal void AttemptEnded(AttemptEnded ended, RoutedRequest request)
    {
        Happened(ended.At);
        var model = Intern(request.Model.Hash);
        if (_streams.TryGetValue(ended.Stream, out var vehicle))
        {
            var flight = vehicle.Over(ended.Attempt, ended.At);
            vehicle.Ended(ended, ended.End == AttemptEnd.Failed && model.BlamesVehicle(vehicle.Id), settings);
            if (ended.End == AttemptEnd.Answered && flight is { } answered)
                Measured(vehicle, model, answered, ended, request);
            Settle(vehicle);
        }

        if (ended.End is AttemptEnd.Answered or AttemptEnd.Refused or AttemptEnd.Failed)
            _fleetMiss += ((ended.End == AttemptEnd.Failed ? 1 : 0) - _fleetMiss) * MissAlpha;
        if (ended.End == AttemptEnd.Answered)
            model.Answered(ended.Timings, oneRun: request.Work is null);
    }

    /// <summary>The attempt's request was closed without it.</summary>
    internal void AttemptDropped(AttemptId attempt, StreamId stream)
    {
        if (!_streams.TryGetValue(stream, out var vehicle))
            return;
        vehicle.Over(attempt, _now);
        Settle(vehicle);
    }

    internal void Learned(RecordsLearned learned)
    {
        if (learned.Departures is { } departures)
            Departures.Learned(departures);
        Learned(learned.Records);
    }

    internal void Learned(IReadOnlyList<VehicleRecord> records)
    {
        foreach (var record in records)
        {
            _records[record.Vehicle] = record;
            Departures.Learned(record);
            if (!_vehicles.TryGetValue(record.Vehicle, out var vehicle))
                continue;
            vehicle.Record = record;
            vehicle.Departures = Departures.Find(record.Vehicle);
        }

        if (_records.Count <= settings.MaxRecords)
            return;
        // In one sweep with some slack, so that a full book does not sort itself for every newcomer.
        foreach (var oldest in _records.Values.OrderBy(r => r.LastSeen).Take(_records.Count - settings.MaxRecords * 9 / 10).ToList())
        {
            _records.Remove(oldest.Vehicle);
            Departures.Forget(oldest.Vehicle);
        }
    }

    private void Measured(RoutedVehicle vehicle, RoutedModel model, RoutedVehicle.Flight flight, AttemptEnded ended, RoutedRequest request)
    {
        vehicle.WayMeasured(flight, ended);
        var ran = ended.Timings.Infer.TotalMilliseconds;
        if ((request.Work?.TotalMilliseconds ?? model.ServiceMs) is > 0 and var usual)
        {
            var ratio = Math.Min(ran / usual, MaxSurprise * (vehicle.Slowness ?? vehicle.Class?.Slowness ?? 1));
            vehicle.SlownessMeasured(ratio);
            vehicle.Class?.SlownessMeasured(ratio);
        }

        if (request.Work is not null)
            return;
        var here = ModelOn(vehicle, model.Hash);
        here.Measured(ran, model.ServiceMs);
        FloorChanged(vehicle, here);
    }
}
