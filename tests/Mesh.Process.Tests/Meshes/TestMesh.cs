using System.Collections.Concurrent;
using System.Globalization;
using Mesh.Demo;
using Mesh.Demo.Processes;
using Mesh.Messages;
using Mesh.Testing;

namespace Mesh.Process.Tests.Meshes;

/// <summary>A seed and vehicles as real processes on free ports, with everything they write in one temporary folder.</summary>
internal sealed class TestMesh : IAsyncDisposable
{
    /// <summary>Bounds every wait: generous, because CI's two cores may be busy, and never reached when all is well.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Requests above it get 413: small, so that a test of it is quick.</summary>
    public const int MaxRequestBytes = 4 << 20;

    private readonly string _folder = Directory.CreateTempSubdirectory("mesh-test-").FullName;
    private readonly ConcurrentDictionary<ManagedProcess, bool> _running = new();
    private readonly List<VehicleProcess> _vehicles = [];
    private readonly HttpClient _http = LoopbackHttp.NewClient(connections: 64);

    private TestMesh()
    {
        Models = Path.Combine(_folder, "models");
        CopyFolder(Checkout.Models, Models);
        Put("pair", OnnxFile.NumberAndText());
        Put("doubling", OnnxFile.DoublingLoop());
    }

    /// <summary>The model repository, this mesh's own.</summary>
    public string Models { get; }

    public SeedProcess Seed { get; private set; } = null!;

    public IReadOnlyList<VehicleProcess> Vehicles => _vehicles;

    public RestClient Rest => new(_http, Seed.Http);

    public MetricsClient Metrics => new(_http, Seed.Metrics);

    /// <summary>Returns once requests are taken and every vehicle can be given work.</summary>
    /// <param name="seed">Changes the seed's options.</param>
    /// <param name="vehicle">Changes those of the first vehicles.</param>
    public static async Task<TestMesh> StartAsync(
        int vehicles, Func<SeedOptions, SeedOptions>? seed = null, Func<VehicleOptions, VehicleOptions>? vehicle = null)
    {
        var mesh = new TestMesh();
        try
        {
            var options = new SeedOptions
            {
                DataFolder = mesh.Folder("seed"),
                ModelsFolder = mesh.Models,
                ExtraArguments = ["--max-request-bytes", MaxRequestBytes.ToString(CultureInfo.InvariantCulture)],
            };
            await mesh.StartSeedAsync(seed?.Invoke(options) ?? options);
            await Task.WhenAll(Enumerable.Range(1, vehicles).Select(number => mesh.StartVehicleAsync(number, vehicle)));
            return mesh;
        }
        catch
        {
            await mesh.DisposeAsync();
            throw;
        }
    }

    /// <summary>A folder of this mesh, which goes when the mesh does.</summary>
    public string Folder(string name) => Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;

    /// <summary>Starts V-00{number}, and waits until it can be given work.</summary>
    /// <param name="change">Of its options; null = always allowed to work.</param>
    public async Task<VehicleProcess> StartVehicleAsync(int number, Func<VehicleOptions, VehicleOptions>? change = null)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"V-{number:000}");
        var options = new VehicleOptions
        {
            Id = new VehicleId(id),
            Seeds = [Seed.ClusterAddress],
            Location = new GeoPoint(50 + number, 8),
            DataFolder = Folder(id),
        };
        var vehicle = VehicleProcess.Start(change?.Invoke(options) ?? options);
        Watch(vehicle.Process);
        lock (_vehicles)
        {
            _vehicles.RemoveAll(former => former.Id == vehicle.Id);
            _vehicles.Add(vehicle);
        }

        await vehicle.WaitUntilReadyAsync(Limit);
        return vehicle;
    }

    /// <summary>Starts the seed again, with its ports and data, and waits until it takes requests.</summary>
    public Task RestartSeedAsync() => StartSeedAsync(Seed.Options);

    /// <summary>SIGKILL, and waits for the end.</summary>
    public async Task KillAsync(ManagedProcess process)
    {
        _running.TryRemove(process, out _);
        process.Kill();
        await process.Exited.WaitAsync(Limit);
    }

    /// <summary>SIGTERM, and waits for the end: it must leave by itself, with exit code 0.</summary>
    public async Task LeaveAsync(ManagedProcess process)
    {
        _running.TryRemove(process, out _);
        Assert.True(await process.TerminateAsync(Limit), $"{process.Name} had not left after {Limit}.\n{process.Tail()}");
        Assert.True(process.ExitCode == 0, $"{process.Name} left with exit code {process.ExitCode}.\n{process.Tail()}");
    }

    /// <summary>Nothing that nobody ended has ended, and a picture is still classified right.</summary>
    public async Task AssertUnharmedAsync()
    {
        foreach (var process in _running.Keys)
            Assert.True(process.ExitCode is null, $"{process.Name} ended with exit code {process.ExitCode}.\n{process.Tail()}");
        var answer = await ClassifyAsync(0);
        Assert.True(answer.Failure is null, answer.Failure);
        Assert.Equal(Pictures.Data.Label(0), DirectRun.ClassOf(answer.Probabilities));
    }

    /// <summary>One picture in one request, whatever comes of it.</summary>
    public Task<PictureAnswer> ClassifyAsync(int number, CancellationToken cancellation = default) =>
        new InferClient(_http, Seed.Http, Pictures.Data).ClassifyAsync(number, cancellation);

    /// <summary>Puts version 1 of a model into the repository.</summary>
    public void Put(string name, byte[] artifact)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Models, name, "1")).FullName;
        // In one step, as an operator should: a half-written file would be reported as corrupt until the next look.
        var temporary = Path.Combine(folder, "model.onnx.new");
        File.WriteAllBytes(temporary, artifact);
        File.Move(temporary, Path.Combine(folder, "model.onnx"), overwrite: true);
    }

    public async ValueTask DisposeAsync()
    {
        List<VehicleProcess> vehicles;
        lock (_vehicles)
            vehicles = [.. _vehicles];
        await Task.WhenAll(vehicles.Select(vehicle => vehicle.DisposeAsync().AsTask()));
        if (Seed is not null)
            await Seed.DisposeAsync();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task StartSeedAsync(SeedOptions options)
    {
        Seed = SeedProcess.Start(options);
        Watch(Seed.Process);
        await Seed.WaitUntilReadyAsync(Limit);
    }

    private void Watch(ManagedProcess process) => _running[process] = true;

    private static void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "model.onnx", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
