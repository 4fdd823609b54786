namespace Mesh.Seed.Routing.Policies;

/// <summary>Which vehicles may take a request at all; which of them is best is <see cref="ExpectedCompletion"/>'s to say.</summary>
public static class VehicleFilter
{
    /// <summary>It would take work if it had room: its session is a good one and it is not about to leave.</summary>
    public static bool IsServiceable(RoutedVehicle vehicle, IReadOnlyCollection<Messages.NodeAddress> unserviceable) =>
        !vehicle.Load.Draining && !unserviceable.Contains(vehicle.Member);

    /// <summary>It has room now.</summary>
    public static bool HasRoom(RoutedVehicle vehicle, TimeSpan now) =>
        vehicle.Outstanding.Count < vehicle.Load.Credits && vehicle.BusyUntil <= now;
}
