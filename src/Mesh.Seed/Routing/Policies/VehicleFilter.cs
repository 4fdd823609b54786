using Mesh.Seed.Routing.Choice;

namespace Mesh.Seed.Routing.Policies;

/// <summary>Which vehicles may take a piece of work at all, policy by policy; which of them is best is <see cref="Scoring"/>'s to say.</summary>
public static class VehicleFilter
{
    /// <summary>It would take work if it had room: its session is a good one and it is not about to leave.</summary>
    public static bool IsServiceable(RoutedVehicle vehicle) => DrainPolicy.Allows(vehicle) && ReachablePolicy.Allows(vehicle);

    /// <summary>It takes work now, whatever the work is: a taker.</summary>
    public static bool TakesNow(RoutedVehicle vehicle, TimeSpan now, RouterSettings settings) =>
        IsServiceable(vehicle) && RoomPolicy.Allows(vehicle, now) && CircuitPolicy.Allows(vehicle, now, settings);

    /// <summary>A taker that may take this very piece of work.</summary>
    /// <param name="here">What is known of the model there.</param>
    internal static bool Suits(RoutedVehicle vehicle, ModelOnVehicle? here, in ChoiceQuery query, RouterSettings settings) =>
        RadiusPolicy.Allows(vehicle, query) && ModelPolicy.Allows(vehicle, here, query.Model, settings);
}
