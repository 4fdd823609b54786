using Mesh.Messages;
using Mesh.Seed.Routing.Choice;
using Mesh.Seed.Routing.Policies;

namespace Mesh.Seed.Routing;

// Which vehicles take work now, kept up to date with each event, so that a choice only meets usable ones.
public sealed partial class Fleet
{
    private static readonly IReadOnlySet<VehicleId> EmptySet = new HashSet<VehicleId>();

    /// <summary>Vehicles left alone for a while, by the time when that is over.</summary>
    private readonly SortedSet<(TimeSpan Until, long Stream)> _paused = [];

    private readonly List<RoutedVehicle> _tripped = [];
    private readonly List<RoutedVehicle> _full = [];
    private readonly SizedTakers _unclassed = new();
    private TimeSpan _now;
    private int _serviceable;

    /// <summary>The time of the last event; what the indices go by.</summary>
    internal TimeSpan Clock => _now;

    /// <summary>Vehicles that take work now.</summary>
    internal GeoIndex Takers { get; } = new();

    /// <summary>Vehicles that would take work now but for their circuit.</summary>
    internal IReadOnlyList<RoutedVehicle> Tripped => _tripped;

    /// <summary>Vehicles that would take work now but for room.</summary>
    internal IReadOnlyList<RoutedVehicle> Full => _full;

    /// <summary>It would take work if it had room.</summary>
    public bool IsServiceable(RoutedVehicle vehicle) => VehicleFilter.IsServiceable(vehicle);

    public bool HasServiceable() => _serviceable > 0;

    /// <summary>Looks at every vehicle, for a request that has waited in vain for as long as any may.</summary>
    public bool HasServiceable(GeoPoint origin, double radiusKm) =>
        _vehicles.Values.Any(vehicle => IsServiceable(vehicle) && vehicle.Place.DistanceKm(origin) <= radiusKm);

    /// <summary>When the next vehicle that is left alone for a while is to be tried again; null when none is waited for.</summary>
    public TimeSpan? NextRetry(TimeSpan now)
    {
        Advance(now);
        return _paused.Count > 0 ? _paused.Min.Until : null;
    }

    /// <summary>The takers of a device class; null when no vehicle of it is there.</summary>
    internal GeoIndex? TakersOf(ReadOnlySpan<char> deviceClass) =>
        _classes.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(deviceClass, out var hardware) ? hardware.Takers : null;

    /// <summary>Takers of the hardware that the model demands and with memory for it, where others crowd them out of the other indices.</summary>
    internal int WalkFitting(ModelReference model, GeoCell from, Span<IndexEntry?> found, Random? random, IReadOnlySet<VehicleId>? without = null)
    {
        var memory = MemoryPolicy.Needed(model, settings);
        var count = 0;
        if (model.DeviceClasses.Length == 0)
        {
            count = _unclassed.Walk(memory, from, found, random, without);
            foreach (var hardware in _classes.Values)
                count += hardware.Sized.Walk(memory, from, found[count..], random, without);
            return count;
        }

        var demanded = model.DeviceClasses.AsSpan();
        foreach (var range in demanded.Split(','))
        {
            if (_classes.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(demanded[range].Trim(), out var hardware))
                count += hardware.Sized.Walk(memory, from, found[count..], random, without);
        }

        return count;
    }

    /// <summary>
    /// Takes those whose pause is over back. Time alone makes them takers, so this is no change of the state but the index
    /// catching up with it.
    /// </summary>
    private void Advance(TimeSpan now)
    {
        Happened(now);
        while (_paused.Count > 0 && _paused.Min.Until <= _now)
            Settle(_streams[new StreamId(_paused.Min.Stream)]);
    }

    private void Happened(TimeSpan at) => _now = at > _now ? at : _now;

    /// <summary>Puts a vehicle where it belongs after something about it changed.</summary>
    private void Settle(RoutedVehicle vehicle)
    {
        Show(vehicle, VehicleFilter.TakesNow(vehicle, _now, settings));
        var serviceable = VehicleFilter.IsServiceable(vehicle);
        if (serviceable != vehicle.CountsAsServiceable)
            _serviceable += serviceable ? 1 : -1;
        vehicle.CountsAsServiceable = serviceable;
        var tripped = vehicle.Circuit.IsTripped(settings);
        SetAside(vehicle, !serviceable || vehicle.Anywhere.IsIn ? null : tripped ? _tripped : _full);
        var until = tripped && vehicle.Circuit.OpenUntil > vehicle.BusyUntil ? vehicle.Circuit.OpenUntil : vehicle.BusyUntil;
        SetPaused(vehicle, until > _now ? until : null);
    }

    /// <summary>Takes a vehicle that leaves out of everything.</summary>
    private void Withdraw(RoutedVehicle vehicle)
    {
        Show(vehicle, false);
        SetAside(vehicle, null);
        SetPaused(vehicle, null);
        _serviceable -= vehicle.CountsAsServiceable ? 1 : 0;
    }

    private void Show(RoutedVehicle vehicle, bool takes)
    {
        var idle = vehicle.IsIdle;
        if (takes != vehicle.Anywhere.IsIn)
        {
            Move(vehicle.Anywhere, Takers, takes, idle);
            if (vehicle.Class is { } hardware)
                Move(vehicle.InClass, hardware.Takers, takes, idle);
            Move(vehicle.BySize, (vehicle.Class?.Sized ?? _unclassed).Of(vehicle), takes, idle);
            foreach (var model in vehicle.Models)
            {
                if (model.Loaded)
                    Move(model, model.Model.Holders, takes, idle);
            }
        }
        else if (takes && idle != vehicle.ShownIdle)
        {
            GeoIndex.SetIdle(vehicle.Anywhere, idle);
            GeoIndex.SetIdle(vehicle.BySize, idle);
            if (vehicle.Class is not null)
                GeoIndex.SetIdle(vehicle.InClass, idle);
            foreach (var model in vehicle.Models)
            {
                if (model.Loaded)
                    GeoIndex.SetIdle(model, idle);
            }
        }

        vehicle.ShownIdle = idle;
    }

    private static void Move(IndexEntry entry, GeoIndex index, bool enters, bool idle)
    {
        if (enters)
            index.Add(entry, idle);
        else
            index.Remove(entry);
    }

    private static void SetAside(RoutedVehicle vehicle, List<RoutedVehicle>? list)
    {
        if (list == vehicle.Aside)
            return;
        if (vehicle.Aside is { } former)
        {
            var last = former[^1];
            former[vehicle.AsidePosition] = last;
            last.AsidePosition = vehicle.AsidePosition;
            former.RemoveAt(former.Count - 1);
        }

        vehicle.Aside = list;
        if (list is null)
            return;
        vehicle.AsidePosition = list.Count;
        list.Add(vehicle);
    }

    private void SetPaused(RoutedVehicle vehicle, TimeSpan? until)
    {
        if (until == vehicle.PausedUntil)
            return;
        if (vehicle.PausedUntil is { } former)
            _paused.Remove((former, vehicle.Stream.Value));
        if (until is { } at)
            _paused.Add((at, vehicle.Stream.Value));
        vehicle.PausedUntil = until;
    }

    // --- Models ---

    private RoutedModel Intern(ArtifactHash hash)
    {
        if (!_models.TryGetValue(hash, out var model))
            _models[hash] = model = new RoutedModel(hash);
        return model;
    }

    private ModelOnVehicle ModelOn(RoutedVehicle vehicle, ArtifactHash hash)
    {
        var model = Intern(hash);
        if (vehicle.Find(model) is { } known)
            return known;
        if (vehicle.Models.Count >= MaxModelsOfVehicle && vehicle.Models.FindIndex(m => !m.Loaded && !m.Warming) is >= 0 and var forgotten)
        {
            Forget(vehicle, vehicle.Models[forgotten]);
            vehicle.Models.RemoveAt(forgotten);
        }

        var added = new ModelOnVehicle(vehicle, model);
        vehicle.Models.Add(added);
        model.Users++;
        return added;
    }

    private void LoadedModelsChanged(RoutedVehicle vehicle)
    {
        foreach (var hash in vehicle.Load.Loaded)
            SetLoaded(vehicle, ModelOn(vehicle, hash), true);
        foreach (var model in vehicle.Models)
        {
            if (model.Loaded && !vehicle.Has(model.Model.Hash))
                SetLoaded(vehicle, model, false);
        }
    }

    private static void SetLoaded(RoutedVehicle vehicle, ModelOnVehicle model, bool loaded)
    {
        if (loaded == model.Loaded)
            return;
        if (vehicle.Anywhere.IsIn)
            Move(model, model.Model.Holders, loaded, vehicle.ShownIdle);
        if (model.Warming)
            model.Model.Warming--;
        else
            model.Model.Copies += loaded ? 1 : -1;
        (model.Loaded, model.Warming) = (loaded, false);
        model.Prove();
    }

    /// <summary>The vehicle no longer counts for the model.</summary>
    private void Forget(RoutedVehicle vehicle, ModelOnVehicle model)
    {
        model.Prove(leaves: true);
        if (model.FloorMs is { } floor)
            model.Model.Floors.Remove((floor, vehicle.Stream.Value));
        if (model.Loaded || model.Warming)
            model.Model.Copies--;
        if (model.Warming)
            model.Model.Warming--;
        if (--model.Model.Users == 0 && _models.Count > MaxModels)
            _models.Remove(model.Model.Hash);
    }

    private static void FloorChanged(RoutedVehicle vehicle, ModelOnVehicle model)
    {
        if (model.LeastMs is not { } least || vehicle.LeastRoundTrip is not { } trip || least + trip.TotalMilliseconds is var floor && floor == model.FloorMs)
            return;
        if (model.FloorMs is { } former)
            model.Model.Floors.Remove((former, vehicle.Stream.Value));
        model.Model.Floors.Add((floor, vehicle.Stream.Value));
        model.FloorMs = floor;
        model.Prove();
    }

    private static bool IsCopy(RoutedVehicle vehicle, RoutedModel? model) => vehicle.Find(model) is { } known && (known.Loaded || known.Warming);

    private HardwareClass? ClassOf(string name)
    {
        if (name.Length == 0)
            return null;
        if (_classes.TryGetValue(name, out var hardware))
            return hardware;
        // What is known of a class outlives its vehicles while there is room.
        if (_classes.Count >= MaxClasses && _classes.Values.FirstOrDefault(known => known.Vehicles == 0) is { } abandoned)
            _classes.Remove(abandoned.Name);
        if (_classes.Count < MaxClasses)
            _classes[name] = hardware = new HardwareClass(name);
        return hardware;
    }
}
