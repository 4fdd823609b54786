using Mesh.Node.Telemetry;

namespace Mesh.Node.Policy.Rules;

/// <summary>The traction battery holds at least what the owner wants to drive with.</summary>
internal static class StateOfChargeRule
{
    public static readonly Rule Rule = Rules.Rule.Of(
        VssCatalogue.StateOfCharge, ReasonCodes.LowCharge, "charging.min-state-of-charge", Urgency.Planned,
        policy => Limit.AtLeast(policy.Charging.MinStateOfCharge, VssCatalogue.StateOfCharge),
        hysteresis => hysteresis.Battery);
}
