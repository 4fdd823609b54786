using Mesh.Messages;

namespace Mesh.Seed.Routing.Policies;

/// <summary>The vehicle's hardware is of a class that the model demands, where it demands one.</summary>
public static class HardwareClassPolicy
{
    public static bool Allows(RoutedVehicle vehicle, ModelReference model) => Allows(vehicle.DeviceClass, model);

    public static bool Allows(string deviceClass, ModelReference model)
    {
        if (model.DeviceClasses.Length == 0)
            return true;
        var demanded = model.DeviceClasses.AsSpan();
        foreach (var range in demanded.Split(','))
        {
            if (demanded[range].Trim().Equals(deviceClass, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }
}
