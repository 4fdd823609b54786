using System.Collections.Immutable;
using Mesh.Messages;
using Mesh.Seed.Routing.History;
using Mesh.Seed.Routing.Queueing;

namespace Mesh.Seed.Routing.Queries;

/// <summary>This seed's router in figures.</summary>
public sealed record GetRouter : IRouterQuery<RouterFigures>
{
    public RouterFigures Answer(RouterView view)
    {
        var conditions = view.State.Vehicles.Values
            .GroupBy(vehicle => VehicleConditions.Of(vehicle, view.Now, view.State.Fleet.Settings))
            .ToImmutableSortedDictionary(group => group.Key, group => group.Count());
        var away = view.State.Records.Keys.Count(id => !view.State.Vehicles.ContainsKey(id));
        return new RouterFigures(
            view.State.Fleet.Settings,
            view.History.Recent.At(view.Now),
            view.State.Requests.Count,
            view.State.Waiting,
            [.. Enumerable.Range(1, PriorityLevel.Lowest).Select(view.State.WaitingAt)],
            away > 0 ? conditions.SetItem(VehicleCondition.Away, away) : conditions,
            view.State.Vehicles.Count + away);
    }
}

/// <param name="Active">Requests under way, the waiting ones included.</param>
/// <param name="WaitingAt">By priority, from 1.</param>
/// <param name="Known">Vehicles that are connected, or on record from earlier.</param>
public sealed record RouterFigures(
    RouterSettings Settings,
    RecentFigures Recent,
    int Active,
    int Waiting,
    ImmutableArray<int> WaitingAt,
    ImmutableSortedDictionary<VehicleCondition, int> Vehicles,
    int Known);

/// <summary>On how many vehicles each model is loaded.</summary>
public sealed record CountCopies : IRouterQuery<ImmutableDictionary<ArtifactHash, int>>
{
    public ImmutableDictionary<ArtifactHash, int> Answer(RouterView view) => view.State.Vehicles.Values
        .SelectMany(vehicle => vehicle.Load.Loaded)
        .GroupBy(hash => hash)
        .ToImmutableDictionary(group => group.Key, group => group.Count());
}
