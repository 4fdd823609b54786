using Mesh.Messages;

namespace Mesh.Seed.Routing.Policies;

/// <summary>The model fits into the vehicle's memory, as far as that is known; others are unloaded for it if need be.</summary>
public static class MemoryPolicy
{
    public static bool Allows(RoutedVehicle vehicle, ModelReference model, RouterSettings settings) =>
        Allows(vehicle.MemoryBytes, model, settings);

    /// <param name="memoryBytes">0 = not known.</param>
    public static bool Allows(long memoryBytes, ModelReference model, RouterSettings settings) =>
        memoryBytes <= 0 || Needed(model, settings) <= memoryBytes;

    /// <summary>Bytes.</summary>
    public static long Needed(ModelReference model, RouterSettings settings) =>
        model.Size > long.MaxValue / settings.MemoryFactor ? long.MaxValue : model.Size * settings.MemoryFactor;
}
