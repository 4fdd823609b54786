namespace Mesh.Seed.Routing.Policies;

/// <summary>The vehicle is not about to leave.</summary>
public static class DrainPolicy
{
    public static bool Allows(RoutedVehicle vehicle) => !vehicle.Load.Draining;
}
