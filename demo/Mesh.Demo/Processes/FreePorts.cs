using System.Net;
using System.Net.Sockets;

namespace Mesh.Demo.Processes;

/// <summary>
/// Free TCP ports of the loopback interface. They are drawn below every system's range of ephemeral ports: what the system
/// picks for port 0 may become the local port of anyone's outgoing connection between our look and the program's use, and a
/// mesh has many connections. No port is given out twice by one process.
/// </summary>
public static class FreePorts
{
    private const int First = 20_000;
    private const int AfterLast = 32_000;
    private const int Attempts = 10_000;

    private static readonly Lock Guard = new();
    private static readonly HashSet<int> Given = [];

    public static int TakeOne() => Take(1)[0];

    /// <summary>Ports that were all free at the same moment, each different.</summary>
    public static IReadOnlyList<int> Take(int count)
    {
        var held = new List<TcpListener>(count);
        try
        {
            lock (Guard)
            {
                for (var attempt = 0; held.Count < count; attempt++)
                {
                    if (attempt == Attempts)
                        throw new InvalidOperationException($"No {count} free TCP ports between {First} and {AfterLast - 1}.");
                    var port = Random.Shared.Next(First, AfterLast);
                    if (!Given.Contains(port) && TryListen(port) is { } listener)
                    {
                        Given.Add(port);
                        held.Add(listener);
                    }
                }
            }

            return [.. held.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        }
        finally
        {
            held.ForEach(listener => listener.Dispose());
        }
    }

    /// <summary>Whether a program could listen on this loopback port now.</summary>
    public static bool IsFree(int port)
    {
        using var listener = TryListen(port);
        return listener is not null;
    }

    private static TcpListener? TryListen(int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return listener;
        }
        catch (SocketException)
        {
            listener.Dispose();
            return null;
        }
    }
}
