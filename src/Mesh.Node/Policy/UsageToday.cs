namespace Mesh.Node.Policy;

/// <summary>What work has used since midnight, by the policy's time zone.</summary>
/// <param name="MeteredBytes">Sent and received over networks that were metered or not known to be unmetered.</param>
/// <param name="EnergyKwh">Estimated or measured.</param>
public sealed record UsageToday(long MeteredBytes, double EnergyKwh)
{
    public static readonly UsageToday None = new(0, 0);
}
