namespace Mesh.Seed.Routing.Policies;

/// <summary>The vehicle has credits left at this seed and did not just say 'busy'.</summary>
public static class RoomPolicy
{
    public static bool Allows(RoutedVehicle vehicle, TimeSpan now) =>
        vehicle.Outstanding.Count < vehicle.Load.Credits && vehicle.BusyUntil <= now;
}
