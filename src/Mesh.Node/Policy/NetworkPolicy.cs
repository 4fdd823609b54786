namespace Mesh.Node.Policy;

/// <summary>Which networks work may use.</summary>
public sealed record NetworkPolicy
{
    public NetworkAllowance Allow { get; init; } = NetworkAllowance.WifiOnly;

    /// <summary>Bytes a day, both ways together, over a metered network where that is allowed.</summary>
    public long DailyMeteredBytes { get; init; }
}
