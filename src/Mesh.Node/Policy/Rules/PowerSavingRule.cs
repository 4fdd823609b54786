using Mesh.Node.Telemetry;

namespace Mesh.Node.Policy.Rules;

/// <summary>The vehicle does not ask its consumers to save more power than the owner wants work to ignore.</summary>
internal static class PowerSavingRule
{
    public static readonly Rule Rule = Rules.Rule.Of(
        VssCatalogue.PowerOptimizeLevel, ReasonCodes.SavingPower, "parked.power-optimize-level-max", Urgency.Soon,
        policy => Limit.AtMost(policy.Parked.PowerOptimizeLevelMax, VssCatalogue.PowerOptimizeLevel),
        hysteresis => hysteresis.Parked);
}
