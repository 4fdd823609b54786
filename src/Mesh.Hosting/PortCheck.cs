using System.Net;
using System.Net.Sockets;

namespace Mesh.Hosting;

/// <summary>
/// Looks whether a program's ports are free before it starts anything: one that is found taken half-way leaves a member
/// behind that joined a region without ever serving it.
/// </summary>
public static class PortCheck
{
    /// <summary>One message for each port that cannot be listened on; port 0 (any free one) always can.</summary>
    /// <param name="ports">The setting that names each port, with the port.</param>
    public static IReadOnlyList<string> Problems(IPAddress bind, params IEnumerable<(string Setting, int Port)> ports) =>
    [
        .. ports.Where(port => port.Port != 0)
            .Select(port => Listen(bind, port.Port) is { } error
                ? $"--{port.Setting} {port.Port} cannot be listened on at {bind}: {error}. Stop what listens there or choose another port."
                : null)
            .OfType<string>(),
    ];

    private static string? Listen(IPAddress bind, int port)
    {
        using var listener = new TcpListener(bind, port);
        try
        {
            listener.Start();
            return null;
        }
        catch (SocketException e)
        {
            return e.Message;
        }
    }
}
