namespace Mesh.Seed.Routing.Policies;

/// <summary>The vehicle's circuit is closed, or half-open and without the one attempt that probes it.</summary>
public static class CircuitPolicy
{
    public static bool Allows(RoutedVehicle vehicle, TimeSpan now, RouterSettings settings) =>
        !vehicle.Circuit.IsTripped(settings) || (vehicle.Circuit.OpenUntil <= now && vehicle.Outstanding.Count == 0);
}
