using System.Globalization;
using System.Net;

namespace Mesh.Pbm.Connection;

/// <param name="Host">A name or an address, one of IPv6 without its brackets.</param>
internal sealed record HostAddress(string Host, int Port)
{
    public static HostAddress Default { get; } = new("127.0.0.1", 9110);

    /// <summary>Surely this machine: only it reaches that.</summary>
    public bool IsLoopback => Host == "localhost" || (IPAddress.TryParse(Host, out var address) && IPAddress.IsLoopback(address));

    /// <summary>
    /// It could be this machine's loopback: also in other writings, by names that are kept for it, and as the address that stands for
    /// any. Other names may lead there too; nothing is resolved.
    /// </summary>
    public bool MayBeLoopback
    {
        get
        {
            // A scope makes another address of it.
            var host = Host.Split('%')[0].TrimEnd('.');
            if (!IPAddress.TryParse(host, out var address))
                return $".{host}".EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);
            if (address.IsIPv4MappedToIPv6)
                address = address.MapToIPv4();
            return IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
        }
    }

    /// <summary>Null for what is no HOST:PORT, such as a palette's name.</summary>
    public static HostAddress? Parse(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is 0 or > 65535)
            return null;
        var host = text[..colon];
        if (host.StartsWith('[') && host.EndsWith(']'))
            host = host[1..^1];
        return Uri.CheckHostName(host) == UriHostNameType.Unknown ? null : new HostAddress(host, port);
    }

    public Uri ToUri(bool tls) => new UriBuilder(tls ? "https" : "http", Host, Port).Uri;

    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
