using Grpc.Net.Client;

namespace Mesh.Node.Sessions;

/// <summary>How a vehicle connects to a seed's work port.</summary>
public static class SeedChannel
{
    /// <summary>Carries the work stream and the model artifacts; the caller disposes it.</summary>
    public static SocketsHttpHandler NewHandler() => new()
    {
        ConnectTimeout = TimeSpan.FromSeconds(5),
        InitialHttp2StreamWindowSize = 4 << 20,
    };

    public static GrpcChannel Open(string workAddress, SocketsHttpHandler handler) => GrpcChannel.ForAddress(
        workAddress,
        new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = false, MaxReceiveMessageSize = null, MaxSendMessageSize = null });
}
