using Mesh.Messages;

namespace Mesh.Seed.Ingress;

/// <summary>Settings that REST and gRPC share.</summary>
public sealed record IngressOptions
{
    /// <summary>A larger request is refused with 413; a compressed body is measured after decompression. Triton's default.</summary>
    public long MaxRequestBytes { get; init; } = 64L << 20;

    /// <summary>Budget of a request that brings no <c>timeout</c> and no gRPC deadline.</summary>
    public TimeSpan DefaultTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A request that asks for another one is refused; null = none is.</summary>
    public RegionName? Region { get; init; }

    /// <summary>Told by the server's metadata.</summary>
    public string ServerVersion { get; init; } = typeof(IngressOptions).Assembly.GetName().Version?.ToString(3) ?? "0";

    /// <summary>Told by the server's metadata.</summary>
    public string ServerName { get; init; } = "mesh";
}
