namespace Mesh.Node.Policy;

/// <summary>What work may do to the traction battery.</summary>
public sealed record ChargingPolicy
{
    public bool MustBePluggedIn { get; init; } = true;

    /// <summary>Percent.</summary>
    public double? MinStateOfCharge { get; init; } = 50;

    /// <summary>Work only while energy flows into the battery, or none out of it.</summary>
    public bool NeverDischarge { get; init; } = true;
}
