using System.Collections.Concurrent;
using System.Globalization;
using Mesh.Demo.Processes;
using Mesh.Messages;
using Mesh.Testing;

namespace Mesh.Process.Tests.Churn;

/// <summary>Three seeds over one PostgreSQL journal and some vehicles, all real processes, with the means to disturb them.</summary>
internal sealed class ChurningRegion : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("mesh-churn-").FullName;
    private readonly HttpClient _http = LoopbackHttp.NewClient();
    private readonly ConcurrentQueue<(string Seed, DateTime At)> _offices = [];

    public List<SeedProcess> Seeds { get; } = [];

    public List<VehicleProcess> Vehicles { get; } = [];

    /// <summary>Which seed's JobRouter took office, and when its line was read; the last is the present one.</summary>
    public IReadOnlyList<(string Seed, DateTime At)> Offices => [.. _offices];

    public SeedProcess RouterSeed => Seeds.Single(seed => seed.Options.Name == Offices[^1].Seed);

    /// <param name="vehicleArguments">Appended to each vehicle's.</param>
    public static async Task<ChurningRegion> StartAsync(int vehicles, string? seedProgram = null, params string[] vehicleArguments)
    {
        var region = new ChurningRegion();
        try
        {
            await region.StartSeedsAsync(seedProgram);
            for (var i = 1; i <= vehicles; i++)
                region.Vehicles.Add(region.StartVehicle(new VehicleId($"V-{i:000}"), vehicleArguments));
            foreach (var vehicle in region.Vehicles)
                await vehicle.WaitUntilReadyAsync(StartLimit);
            return region;
        }
        catch
        {
            await region.DisposeAsync();
            throw;
        }
    }

    public async Task RestartVehicleAsync(int index)
    {
        var vehicle = Vehicles[index];
        vehicle.Process.Kill();
        await vehicle.DisposeAsync();
        Vehicles[index] = StartVehicle(vehicle.Id, vehicle.Options.ExtraArguments);
    }

    public async Task RestartSeedAsync(SeedProcess seed)
    {
        var index = Seeds.IndexOf(seed);
        await seed.DisposeAsync();
        Seeds[index] = SeedProcess.Start(seed.Options);
        await Seeds[index].WaitUntilReadyAsync(StartLimit);
    }

    /// <summary>A gauge of a seed, summed over its labels that match.</summary>
    public async Task<double> GaugeAsync(SeedProcess seed, string name, string label = "")
    {
        var page = await _http.GetStringAsync(new Uri(seed.Metrics, "/metrics"));
        return page.Split('\n')
            .Where(line => line.StartsWith(name + "{", StringComparison.Ordinal) && line.Contains(label, StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture));
    }

    /// <summary>Members by role and status, as a seed's metrics page has them.</summary>
    public async Task<string> MembersAsync(SeedProcess seed)
    {
        var page = await _http.GetStringAsync(new Uri(seed.Metrics, "/metrics"));
        return string.Join("; ", page.Split('\n').Where(line => line.StartsWith("mesh_cluster", StringComparison.Ordinal)).Select(line => line[(line.IndexOf(',') + 1)..]));
    }

    /// <summary>Waits until a condition holds that nothing announces; asks a few times a second.</summary>
    /// <param name="seen">For the error.</param>
    public static async Task UntilAsync(Func<Task<bool>> condition, TimeSpan limit, string what, Func<string>? seen = null)
    {
        using var deadline = new CancellationTokenSource(limit);
        using var interval = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        while (!await condition())
        {
            if (deadline.IsCancellationRequested)
                Assert.Fail($"Not within {limit.TotalSeconds:0} s: {what}{(seen is null ? "" : $"; but {seen()}")}");
            await interval.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var vehicle in Vehicles)
            await vehicle.DisposeAsync();
        foreach (var seed in Seeds)
            await seed.DisposeAsync();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task StartSeedsAsync(string? program)
    {
        var journal = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        var ports = Enumerable.Range(0, 3).Select(_ => SeedPorts.Free()).ToList();
        var addresses = ports.Select(p => $"127.0.0.1:{p.Cluster}").ToList();
        for (var i = 0; i < 3; i++)
        {
            var name = $"seed-{i + 1}";
            Seeds.Add(SeedProcess.Start(new SeedOptions
            {
                Name = name,
                Ports = ports[i],
                Seeds = addresses,
                Journal = journal,
                DataFolder = Path.Combine(_folder, name),
                ModelsFolder = Checkout.Models,
                ProgramFolder = program,
                OnLine = line =>
                {
                    if (line.Contains("Job router in office", StringComparison.Ordinal))
                        _offices.Enqueue((name, DateTime.UtcNow));
                },
            }));
        }

        foreach (var seed in Seeds)
            await seed.WaitUntilReadyAsync(StartLimit);
    }

    private VehicleProcess StartVehicle(VehicleId id, IReadOnlyList<string> arguments) => VehicleProcess.Start(new VehicleOptions
    {
        Id = id,
        Seeds = [.. Seeds.Select(seed => seed.ClusterAddress)],
        Location = new GeoPoint(52.52, 13.40),
        DataFolder = Path.Combine(_folder, id.Value),
        ExtraArguments = arguments,
    });
}
