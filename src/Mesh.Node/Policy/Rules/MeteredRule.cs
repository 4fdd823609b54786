using Mesh.Node.Telemetry;

namespace Mesh.Node.Policy.Rules;

/// <summary>The network costs nothing by the byte, where the owner wants that.</summary>
internal static class MeteredRule
{
    public static readonly Rule Rule = Rules.Rule.Of(
        VssCatalogue.NetworkIsMetered, ReasonCodes.NetworkMetered, "network.allow", Urgency.Soon,
        policy => Limit.Is(false, asked: policy.Network.Allow == NetworkAllowance.WifiOnly),
        hysteresis => hysteresis.Network);
}
