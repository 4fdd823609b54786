using Mesh.Seed.Routing;
using Mesh.Seed.Routing.Choice;

namespace Mesh.State.Tests.Routing;

/// <summary>A plain choice for tests of what is built on it: the first vehicle with room within the radius, one that had it last.</summary>
internal sealed class InReach : IVehicleChoice
{
    public RoutedVehicle? Choose(Fleet fleet, in ChoiceQuery query, TimeSpan now, Random random)
    {
        var (origin, radius, tried) = (query.Origin, query.MaxDistanceKm, query.Tried);
        return fleet.Vehicles.Values
            .Where(v => fleet.IsServiceable(v) && v.Outstanding.Count < v.Load.Credits && v.BusyUntil <= now)
            .Where(v => v.Place.DistanceKm(origin) <= radius)
            .OrderBy(v => tried.Contains(v.Id)).ThenBy(v => v.Outstanding.Count).ThenBy(v => v.Id.Value, StringComparer.Ordinal)
            .FirstOrDefault();
    }
}
