using System.Net;

namespace Mesh.Hosting.Operations;

/// <summary>Where operators reach a member, as it tells others who lead them there. Pure.</summary>
public static class OperatorsAddress
{
    /// <param name="bind">What the operators' port is bound to.</param>
    /// <param name="port">What it listens on; null = it does not, or not yet.</param>
    /// <param name="host">The machine's name as other members know it.</param>
    /// <returns>HOST:PORT; empty = there is none that another machine could use.</returns>
    public static string Of(IPAddress bind, int? port, string host)
    {
        if (port is not { } open)
            return "";
        // Whoever was led to another machine's loopback would meet a port of their own.
        if (IPAddress.IsLoopback(bind) && !IsLoopback(host))
            return "";
        var isAny = bind.Equals(IPAddress.Any) || bind.Equals(IPAddress.IPv6Any);
        var name = isAny ? host : bind.ToString();
        return Text(name, open);
    }

    /// <summary>HOST:PORT, an address of IPv6 in its brackets.</summary>
    public static string Text(string host, int port) => host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}" : $"{host}:{port}";

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
