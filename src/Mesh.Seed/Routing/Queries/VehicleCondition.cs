using Mesh.Seed.Routing.Policies;

namespace Mesh.Seed.Routing.Queries;

/// <summary>What a seed can say of a vehicle in one word.</summary>
public enum VehicleCondition
{
    /// <summary>Takes interactive work now.</summary>
    Serving,

    /// <summary>Would take it but for room: out of credits, or it has just said 'busy'.</summary>
    Busy,

    /// <summary>It failed again and again and is left alone for a while.</summary>
    Resting,

    /// <summary>Its owner lets it run batches only.</summary>
    BatchOnly,

    /// <summary>Finishes what it has; its session ends next.</summary>
    Draining,

    /// <summary>An operator drained it; it stays in the region, without work, until it is resumed.</summary>
    Drained,

    /// <summary>The cluster holds its member unreachable, leaving or down.</summary>
    Unreachable,

    /// <summary>Known from earlier, and without a work stream here.</summary>
    Away,
}

internal static class VehicleConditions
{
    public static VehicleCondition Of(RoutedVehicle vehicle, TimeSpan now, RouterSettings settings)
    {
        if (!ReachablePolicy.Allows(vehicle))
            return VehicleCondition.Unreachable;
        if (vehicle.Load.IsHeld)
            return VehicleCondition.Drained;
        if (vehicle.Load.IsLeaving)
            return VehicleCondition.Draining;
        if (!DrainPolicy.Allows(vehicle))
            return vehicle.Load.Consent.Batch ? VehicleCondition.BatchOnly : VehicleCondition.Draining;
        if (!CircuitPolicy.Allows(vehicle, now, settings))
            return VehicleCondition.Resting;
        return RoomPolicy.Allows(vehicle, now) ? VehicleCondition.Serving : VehicleCondition.Busy;
    }
}
