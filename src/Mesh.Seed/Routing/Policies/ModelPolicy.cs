using Mesh.Messages;
using Mesh.Seed.Routing.Choice;

namespace Mesh.Seed.Routing.Policies;

/// <summary>
/// The model may run there, and is there or can be: a loaded one needs no more memory and has shown that its hardware will do.
/// </summary>
public static class ModelPolicy
{
    internal static bool Allows(RoutedVehicle vehicle, ModelOnVehicle? here, ModelReference model, RouterSettings settings) =>
        here is { Loaded: true } ? ConsentPolicy.Allows(vehicle, model) : IsLoadable(vehicle, model, settings);

    public static bool IsLoadable(RoutedVehicle vehicle, ModelReference model, RouterSettings settings) =>
        ConsentPolicy.Allows(vehicle, model) && MemoryPolicy.Allows(vehicle, model, settings) && HardwareClassPolicy.Allows(vehicle, model);
}
