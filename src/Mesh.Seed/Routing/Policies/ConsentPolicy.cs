using Mesh.Messages;

namespace Mesh.Seed.Routing.Policies;

/// <summary>The vehicle's owner consents to the model. Consent to a kind of work is its load's to say: without it, it drains.</summary>
public static class ConsentPolicy
{
    public static bool Allows(RoutedVehicle vehicle, ModelReference model) =>
        !vehicle.Facts.LimitsModels || vehicle.Load.Consent.Allows(model);
}
