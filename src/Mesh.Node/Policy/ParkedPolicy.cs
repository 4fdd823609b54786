namespace Mesh.Node.Policy;

/// <summary>What counts as parked and not in use.</summary>
public sealed record ParkedPolicy
{
    /// <summary>Work never runs while the vehicle moves. Only the demo policy has this off; no document can.</summary>
    public bool MustStandStill { get; init; } = true;

    public double? SpeedMaxKmh { get; init; } = 1;

    /// <summary>The 12 V supply is in LOCK, OFF or ACC.</summary>
    public bool MustBeOff { get; init; } = true;

    public bool MustBeLocked { get; init; } = true;

    /// <summary>0 = the vehicle saves no power, 10 = essential functions only.</summary>
    public int? PowerOptimizeLevelMax { get; init; } = 3;

    /// <summary>How long after a departure that the vehicle expects it is kept free; null = its plans do not matter.</summary>
    public TimeSpan? AfterDeparture { get; init; } = TimeSpan.FromMinutes(30);
}
