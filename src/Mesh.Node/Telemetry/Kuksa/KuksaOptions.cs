using System.Net;

namespace Mesh.Node.Telemetry.Kuksa;

/// <summary>How to read a KUKSA databroker.</summary>
public sealed record KuksaOptions
{
    public const int DefaultPort = 55555;

    /// <summary>A name, or an IPv4 address: the broker listens on no other.</summary>
    public required string Host { get; init; }

    public int Port { get; init; } = DefaultPort;

    /// <summary>PEM file of the authority that signs the broker's certificate; null = no TLS.</summary>
    public string? CaFile { get; init; }

    /// <summary>The name in the broker's certificate, where it is not <see cref="Host"/>.</summary>
    public string? ServerName { get; init; }

    /// <summary>File of a JWT with the scope to read; null = none. Read again at each connection, so that it can be renewed.</summary>
    public string? TokenFile { get; init; }

    /// <summary>Between two messages about signals whose every change does not matter.</summary>
    public TimeSpan SampleInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Everything is read again after this time, because the broker drops messages for a slow reader without a word.</summary>
    public TimeSpan ReadAgain { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For each call but the streams.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Of the client's HTTP/2 pings, when the broker is silent. It sends none itself.</summary>
    public TimeSpan PingAfter { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(0.5);

    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A connection that lasted this long is no failure.</summary>
    public TimeSpan Settled { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What is wrong, all at once; empty when nothing is.</summary>
    public IReadOnlyList<string> Problems()
    {
        List<string> problems = [];
        foreach (var (file, what) in new[] { (CaFile, "certificate"), (TokenFile, "token") })
        {
            if (file is not null && !File.Exists(file))
                problems.Add($"the databroker's {what} file {file} does not exist");
        }

        if (TokenFile is not null && CaFile is null && !IsLoopback)
            problems.Add($"a token goes to {Host} over TLS alone: name the certificate file of its authority");
        return problems;
    }

    private bool IsLoopback => Host == "localhost" || (IPAddress.TryParse(Host, out var address) && IPAddress.IsLoopback(address));
}
