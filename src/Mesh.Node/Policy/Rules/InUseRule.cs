using Mesh.Node.Telemetry;

namespace Mesh.Node.Policy.Rules;

/// <summary>Nobody has switched the vehicle on.</summary>
internal static class InUseRule
{
    public static readonly Rule Rule = Rules.Rule.Of(
        VssCatalogue.LowVoltageSystemState, ReasonCodes.InUse, "parked.must-be-off", Urgency.Soon,
        policy => policy.Parked.MustBeOff ? Limit.OneOf("LOCK", "OFF", "ACC") : null,
        hysteresis => hysteresis.Parked);
}
