using Mesh.Node.Telemetry;

namespace Mesh.Node.Policy.Rules;

/// <summary>A charging cable is connected, at any port.</summary>
internal static class CableRule
{
    public static readonly Rule Rule = Rules.Rule.Of(
        VssCatalogue.IsPluggedIn, ReasonCodes.NotPluggedIn, "charging.must-be-plugged-in", Urgency.Soon,
        policy => Limit.Is(true, asked: policy.Charging.MustBePluggedIn),
        hysteresis => hysteresis.Battery);
}
