namespace Mesh.Seed.Routing.Policies;

/// <summary>The cluster does not hold this very session's member unreachable, leaving or down.</summary>
public static class ReachablePolicy
{
    public static bool Allows(RoutedVehicle vehicle) => !vehicle.Unreachable;
}
