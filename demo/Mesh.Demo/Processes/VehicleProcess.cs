using System.Globalization;
using Mesh.Messages;

namespace Mesh.Demo.Processes;

/// <summary>How to start a vehicle's node.</summary>
public sealed record VehicleOptions
{
    public required VehicleId Id { get; init; }

    public RegionName Region { get; init; } = new("eu-west");

    /// <summary>Cluster addresses of the region's seeds, see <see cref="SeedProcess.ClusterAddress"/>.</summary>
    public required IReadOnlyList<string> Seeds { get; init; }

    public required GeoPoint Location { get; init; }

    public required string DataFolder { get; init; }

    /// <summary>Its cluster port; 0 lets the system choose.</summary>
    public int Port { get; init; }

    public string Telemetry { get; init; } = "fixed";

    public string Policy { get; init; } = "demo";

    /// <summary>Appended as they are.</summary>
    public IReadOnlyList<string> ExtraArguments { get; init; } = [];

    /// <summary>Added to the environment.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <inheritdoc cref="ProcessSpec.OnLine"/>
    public Action<string>? OnLine { get; init; }

    public IReadOnlyList<string> ToArguments() =>
    [
        "--vehicle-id", Id.Value,
        "--region", Region.Value,
        "--seeds", string.Join(',', Seeds),
        "--location", Location.ToString(),
        "--host", "127.0.0.1",
        "--bind", "127.0.0.1",
        "--port", Port.ToString(CultureInfo.InvariantCulture),
        "--data", DataFolder,
        "--telemetry", Telemetry,
        "--policy", Policy,
        .. ExtraArguments,
    ];
}

/// <summary>A vehicle's node as a process of its own on this machine.</summary>
public sealed class VehicleProcess : IAsyncDisposable
{
    private VehicleProcess(VehicleOptions options, ManagedProcess process)
    {
        Options = options;
        Process = process;
    }

    /// <summary>Start it again with the same id and data with <c>VehicleProcess.Start(vehicle.Options)</c>.</summary>
    public VehicleOptions Options { get; }

    public ManagedProcess Process { get; }

    public VehicleId Id => Options.Id;

    public static VehicleProcess Start(VehicleOptions options) => new(options, ManagedProcess.Start(
        ProcessSpec.Dotnet(options.Id.Value, "Mesh.Node.dll", options.ToArguments()) with
        {
            Environment = options.Environment,
            OnLine = options.OnLine,
        }));

    /// <summary>Waits for its line <c>work stream open</c>: a seed has registered its stream and may send it work.</summary>
    /// <param name="after">Only a stream opened after this <see cref="ManagedProcess.LineCount"/>, e.g. once a seed restarted.</param>
    /// <exception cref="ProcessExitedException">It ended first.</exception>
    /// <exception cref="TimeoutException">No stream was open in time.</exception>
    public Task WaitUntilReadyAsync(TimeSpan timeout, long after = 0, CancellationToken cancellation = default) =>
        Process.WaitForLineAsync(
            line => line.Contains("work stream open", StringComparison.Ordinal), timeout, after, cancellation);

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
