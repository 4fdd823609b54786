using System.Collections.Immutable;
using Mesh.Messages;

namespace Mesh.Seed.Routing.Queries;

/// <summary>Ids that begin so, for completion: of connected vehicles, and then of those that are on record.</summary>
/// <param name="Limit">Ids at most.</param>
public sealed record ListVehicleIds(string Prefix, bool ConnectedOnly, int Limit) : IRouterQuery<ImmutableArray<VehicleId>>
{
    /// <summary>So much of the record is looked through at most, as the router has other work.</summary>
    private const int MaxRecords = 10_000;

    public ImmutableArray<VehicleId> Answer(RouterView view) =>
    [
        .. Matching(view.State.Vehicles.Keys)
            .Concat(ConnectedOnly ? [] : Matching(view.State.Records.Keys.Take(MaxRecords).Where(id => !view.State.Vehicles.ContainsKey(id))))
            .Take(Limit),
    ];

    private IEnumerable<VehicleId> Matching(IEnumerable<VehicleId> ids) =>
        ids.Where(id => id.Value.StartsWith(Prefix, StringComparison.Ordinal)).OrderBy(id => id.Value, StringComparer.Ordinal);
}
