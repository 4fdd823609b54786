using Mesh.Node.Telemetry;

namespace Mesh.Node.Policy.Rules;

/// <summary>The vehicle is on a kind of network that the owner allows.</summary>
internal static class NetworkRule
{
    public static readonly Rule Rule = Rules.Rule.Of(
        VssCatalogue.NetworkKind, ReasonCodes.NetworkNotAllowed, "network.allow", Urgency.Soon,
        policy => policy.Network.Allow switch
        {
            NetworkAllowance.WifiOnly => Limit.OneOf("WIFI", "ETHERNET"),
            NetworkAllowance.Metered => Limit.OneOf("WIFI", "ETHERNET", "CELLULAR"),
            _ => null,
        },
        hysteresis => hysteresis.Network);
}
