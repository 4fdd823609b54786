namespace Mesh.Seed.Routing.Choice;

/// <summary>
/// Which vehicle takes a piece of work. The router has one of these; the policy benchmark puts others in its place. Pure:
/// the fleet, the time and the random numbers are arguments.
/// </summary>
public interface IVehicleChoice
{
    /// <summary>Null when no vehicle may take it now.</summary>
    RoutedVehicle? Choose(Fleet fleet, in ChoiceQuery query, TimeSpan now, Random random);
}
