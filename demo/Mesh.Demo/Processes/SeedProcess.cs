using System.Diagnostics;
using System.Globalization;
using System.Net;
using Mesh.Messages;

namespace Mesh.Demo.Processes;

/// <summary>The ports of one seed.</summary>
public sealed record SeedPorts(int Cluster, int Http, int Grpc, int Metrics, int Work, int Pbm)
{
    /// <summary>The ports a seed has when none is named.</summary>
    public static SeedPorts Default { get; } = new(4053, 8000, 8001, 8002, 8010, 9110);

    public static SeedPorts Free()
    {
        var ports = FreePorts.Take(6);
        return new SeedPorts(ports[0], ports[1], ports[2], ports[3], ports[4], ports[5]);
    }

    /// <summary>The option of Mesh.Seed that sets each port, with the port.</summary>
    public IEnumerable<(string Option, int Port)> ByOption =>
    [
        ("--port", Cluster), ("--http-port", Http), ("--grpc-port", Grpc),
        ("--metrics-port", Metrics), ("--work-port", Work), ("--pbm-port", Pbm),
    ];
}

/// <summary>How to start a seed. Everything but the folders has a default that suits one machine.</summary>
public sealed record SeedOptions
{
    public string Name { get; init; } = "seed";

    public RegionName Region { get; init; } = new("eu-west");

    /// <summary>Frankfurt, unless said otherwise.</summary>
    public GeoPoint Location { get; init; } = new(50.11, 8.68);

    public SeedPorts Ports { get; init; } = SeedPorts.Free();

    public required string DataFolder { get; init; }

    public required string ModelsFolder { get; init; }

    /// <summary>Cluster addresses (<c>host:port</c>) of the region's seeds; empty for the only one.</summary>
    public IReadOnlyList<string> Seeds { get; init; } = [];

    /// <summary>Npgsql connection string of the journal; null for SQLite in the data folder.</summary>
    public string? Journal { get; init; }

    /// <summary>The folder of Mesh.Seed.dll, with its hocon/; null = this program's.</summary>
    public string? ProgramFolder { get; init; }

    /// <summary>Appended as they are.</summary>
    public IReadOnlyList<string> ExtraArguments { get; init; } = [];

    /// <summary>Added to the environment.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <inheritdoc cref="ProcessSpec.OnLine"/>
    public Action<string>? OnLine { get; init; }

    public IReadOnlyList<string> ToArguments() =>
    [
        "--region", Region.Value,
        "--location", Location.ToString(),
        "--host", "127.0.0.1",
        "--bind", "127.0.0.1",
        .. Ports.ByOption.SelectMany(port => new[] { port.Option, port.Port.ToString(CultureInfo.InvariantCulture) }),
        "--data", DataFolder,
        "--models", ModelsFolder,
        .. Seeds.Count > 0 ? ["--seeds", string.Join(',', Seeds)] : Array.Empty<string>(),
        .. Journal is null ? Array.Empty<string>() : ["--journal", Journal],
        .. ExtraArguments,
    ];
}

/// <summary>A seed as a process of its own on this machine.</summary>
public sealed class SeedProcess : IAsyncDisposable
{
    private SeedProcess(SeedOptions options, ManagedProcess process)
    {
        Options = options;
        Process = process;
    }

    /// <summary>Start it again on the same ports and data with <c>SeedProcess.Start(seed.Options)</c>.</summary>
    public SeedOptions Options { get; }

    public ManagedProcess Process { get; }

    /// <summary>REST: Open Inference Protocol v2.</summary>
    public Uri Http => new($"http://127.0.0.1:{Options.Ports.Http}");

    /// <summary>gRPC: <c>inference.GRPCInferenceService</c>, without TLS.</summary>
    public Uri Grpc => new($"http://127.0.0.1:{Options.Ports.Grpc}");

    public Uri Metrics => new($"http://127.0.0.1:{Options.Ports.Metrics}");

    /// <summary>What a vehicle or another seed is given to join: <c>host:port</c>.</summary>
    public string ClusterAddress => $"127.0.0.1:{Options.Ports.Cluster}";

    public static SeedProcess Start(SeedOptions options) => new(options, ManagedProcess.Start(
        ProcessSpec.Dotnet(options.Name, "Mesh.Seed.dll", options.ToArguments(), options.ProgramFolder) with
        {
            Environment = options.Environment,
            OnLine = options.OnLine,
        }));

    /// <summary>Waits for its line <c>seed ready</c> and for <c>GET /v2/health/ready</c> to answer 200.</summary>
    /// <exception cref="ProcessExitedException">It ended first.</exception>
    /// <exception cref="TimeoutException">It was not ready in time.</exception>
    public async Task WaitUntilReadyAsync(TimeSpan timeout, CancellationToken cancellation = default)
    {
        var clock = Stopwatch.StartNew();
        await Process.WaitForLineAsync(
            line => line.Contains("seed ready", StringComparison.Ordinal), timeout, cancellation: cancellation);

        using var client = LoopbackHttp.NewClient();
        using var interval = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        HttpStatusCode? status;
        do
        {
            status = await StatusOfAsync(client, new Uri(Http, "/v2/health/ready"), cancellation);
            if (status == HttpStatusCode.OK)
                return;
            if (Process.ExitCode is { } exitCode)
                throw new ProcessExitedException(Process.Name, exitCode, Process.Tail());
        }
        while (clock.Elapsed < timeout && await interval.WaitForNextTickAsync(cancellation));
        throw new TimeoutException(
            $"{Process.Name} said 'seed ready', but {Http}v2/health/ready answered {status?.ToString() ?? "nothing"} "
            + $"for {timeout.TotalSeconds:0.#} s.{System.Environment.NewLine}{Process.Tail()}");
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();

    private static async Task<HttpStatusCode?> StatusOfAsync(HttpClient client, Uri address, CancellationToken cancellation)
    {
        try
        {
            using var response = await client.GetAsync(address, cancellation);
            return response.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}
