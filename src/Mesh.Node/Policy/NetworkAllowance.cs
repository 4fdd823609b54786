namespace Mesh.Node.Policy;

public enum NetworkAllowance
{
    /// <summary>Wi-Fi or a wire, and not metered.</summary>
    WifiOnly,

    /// <summary>Any network; a metered one up to the daily quota.</summary>
    Metered,

    /// <summary>Any network, known or not, without a quota; of the demo policy alone.</summary>
    Any,
}
