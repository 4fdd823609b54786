using System.Collections.Immutable;
using Mesh.Messages;

namespace Mesh.Seed.Routing.Queries;

/// <summary>Vehicles that a seed knows, the connected ones before those that are away.</summary>
/// <param name="Limit">Rows at most.</param>
public sealed record FindVehicles(int Limit) : IRouterQuery<ImmutableArray<VehicleView>>
{
    /// <summary>The nearest first, and the distance is told; those of unknown place come last.</summary>
    public GeoPoint? Near { get; init; }

    /// <summary>Those that have one of these loaded; null = any.</summary>
    public ImmutableHashSet<ArtifactHash>? Loaded { get; init; }

    /// <summary>Null = any.</summary>
    public VehicleCondition? Condition { get; init; }

    public ImmutableArray<VehicleView> Answer(RouterView view)
    {
        var connected = view.State.Vehicles.Values
            .Where(vehicle => Loaded is null || vehicle.Load.Loaded.Any(Loaded.Contains))
            .Where(vehicle => Condition is not { } asked || VehicleConditions.Of(vehicle, view.Now, view.State.Fleet.Settings) == asked);
        var found = (Near is { } near
                ? connected.OrderBy(vehicle => vehicle.Cell.Centre.DistanceKm(near))
                : connected.OrderBy(vehicle => vehicle.Id.Value, StringComparer.Ordinal))
            .Take(Limit)
            .Select(vehicle => VehicleView.Of(vehicle, view));
        var views = found.ToList();
        if (Loaded is null && Condition is null or VehicleCondition.Away)
            views.AddRange(Away(view, Limit - views.Count));
        return Near is { } point ? [.. views.Select(vehicle => vehicle with { DistanceKm = vehicle.Cell?.Centre.DistanceKm(point) })] : [.. views];
    }

    /// <summary>Those seen last.</summary>
    private static IEnumerable<VehicleView> Away(RouterView view, int limit) => limit <= 0
        ? []
        : view.State.Records.Values
            .Where(record => !view.State.Vehicles.ContainsKey(record.Vehicle))
            .OrderByDescending(record => record.LastSeen)
            .Take(limit)
            .Select(record => VehicleView.Away(record.Vehicle, view));
}

/// <summary>Everything that this seed knows of a vehicle.</summary>
/// <param name="Model">The reasons are to be about this model as well; null = about none.</param>
public sealed record GetVehicle(VehicleId Vehicle, ModelReference? Model = null) : IRouterQuery<VehicleFindings>
{
    /// <summary>Ids that are told where there is no such vehicle.</summary>
    private const int MaxNear = 5;

    public VehicleFindings Answer(RouterView view)
    {
        if (view.State.Vehicles.TryGetValue(Vehicle, out var connected))
            return new VehicleFindings(VehicleView.Of(connected, view), VehicleReasons.Of(connected, Model, view.Now, view.State.Fleet.Settings), []);
        var away = VehicleView.Away(Vehicle, view);
        return away.Record is not null || away.Departures.Length > 0
            ? new VehicleFindings(away, [], [])
            : new VehicleFindings(null, [], NearTo(view));
    }

    private ImmutableArray<VehicleId> NearTo(RouterView view) =>
    [
        .. view.State.Vehicles.Keys.Concat(view.State.Records.Keys.Take(10_000)).Distinct()
            .Select(id => (Id: id, Distance: NearName.Distance(id.Value, Vehicle.Value)))
            .Where(near => near.Distance <= Math.Max(2, Vehicle.Value.Length / 3))
            .OrderBy(near => near.Distance).ThenBy(near => near.Id.Value, StringComparer.Ordinal)
            .Take(MaxNear).Select(near => near.Id),
    ];
}

/// <param name="View">Null = it is not known.</param>
/// <param name="Reasons">Why it gets no work, or less; empty where nothing speaks against it.</param>
/// <param name="Near">Ids that look like one that is not known.</param>
public sealed record VehicleFindings(VehicleView? View, ImmutableArray<VehicleReason> Reasons, ImmutableArray<VehicleId> Near);
