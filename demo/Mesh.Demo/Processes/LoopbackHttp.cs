namespace Mesh.Demo.Processes;

/// <summary>HTTP to programs on this machine.</summary>
public static class LoopbackHttp
{
    /// <summary>A client that never asks a proxy, whatever the environment says: the mesh is on this machine.</summary>
    public static HttpClient NewClient(int connections = 8) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        MaxConnectionsPerServer = connections,
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(5),
    })
    {
        Timeout = TimeSpan.FromSeconds(30),
    };
}
