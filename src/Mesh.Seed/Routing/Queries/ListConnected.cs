using System.Collections.Immutable;
using Mesh.Messages;

namespace Mesh.Seed.Routing.Queries;

/// <summary>Every vehicle with a work stream here, by id: as many as the fleet has, and nothing but ids.</summary>
public sealed record ListConnected : IRouterQuery<ImmutableArray<VehicleId>>
{
    public ImmutableArray<VehicleId> Answer(RouterView view) =>
        [.. view.State.Vehicles.Keys.OrderBy(vehicle => vehicle.Value, StringComparer.Ordinal)];
}
