using Mesh.Seed.Routing.Choice;

namespace Mesh.Seed.Routing.Policies;

/// <summary>The vehicle stands within the distance from the client that the request allows.</summary>
public static class RadiusPolicy
{
    public static bool Allows(RoutedVehicle vehicle, in ChoiceQuery query) =>
        double.IsPositiveInfinity(query.MaxDistanceKm) || query.Origin.DistanceKm(vehicle.Place) <= query.MaxDistanceKm;
}
