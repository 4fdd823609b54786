using Mesh.Node.Policy;

namespace Mesh.Node.Metering;

/// <summary>What was used on one day.</summary>
/// <param name="Bytes">Both ways: tensors and fetched models.</param>
/// <param name="MeteredBytes">Of which over networks that were metered or not known to be unmetered.</param>
public readonly record struct DayUsage(long Bytes, long MeteredBytes, long EnergyUj)
{
    private const double MicrojoulesPerKwh = 3.6e12;

    /// <summary>At no cap is anything left.</summary>
    public static readonly DayUsage UsedUp = new(long.MaxValue, long.MaxValue, long.MaxValue);

    public static DayUsage operator +(DayUsage one, DayUsage other) =>
        new(one.Bytes + other.Bytes, one.MeteredBytes + other.MeteredBytes, one.EnergyUj + other.EnergyUj);

    /// <summary>For the policy's daily caps.</summary>
    public UsageToday ToUsageToday() => new(MeteredBytes, EnergyUj / MicrojoulesPerKwh);

    public static DayUsage Add(DayUsage left, DayUsage right) => left + right;

    public static DayUsage Of(long bytes, bool isMetered, long energyUj = 0) => new(bytes, isMetered ? bytes : 0, energyUj);
}
