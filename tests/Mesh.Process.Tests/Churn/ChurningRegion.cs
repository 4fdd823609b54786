using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Mesh.Demo.Processes;
using Mesh.Hosting;
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
    private readonly List<Relay> _clusterRelays = [];
    private readonly List<Relay> _workRelays = [];
    private bool _isRelayed;

    public List<SeedProcess> Seeds { get; } = [];

    public List<VehicleProcess> Vehicles { get; } = [];

    /// <summary>Which seed's JobRouter took office, and when its line was read; the last is the present one.</summary>
    public IReadOnlyList<(string Seed, DateTime At)> Offices => [.. _offices];

    public SeedProcess RouterSeed => Seeds.Single(seed => seed.Options.Name == Offices[^1].Seed);

    /// <param name="vehicleArguments">Appended to each vehicle's.</param>
    public static Task<ChurningRegion> StartAsync(int vehicles, string? seedProgram = null, params string[] vehicleArguments) =>
        new ChurningRegion().BeginAsync(vehicles, seedProgram, _ => vehicleArguments);

    /// <summary>Members reach the first two seeds by other addresses, where <see cref="Relay"/>s are, and each vehicle has an address of its own.</summary>
    public static Task<ChurningRegion> StartBehindRelayAsync(int vehicles) =>
        new ChurningRegion { _isRelayed = true }.BeginAsync(vehicles, null, id => ["--host", AddressOf(id), "--bind", AddressOf(id)]);

    /// <summary>From now on the vehicle and the first seed hear nothing of each other on the connections of the cluster that they have.</summary>
    /// <returns>How many those are.</returns>
    public int MuteToFirstSeed(VehicleProcess vehicle) => _clusterRelays[0].Mute(AddressOf(vehicle.Id));

    /// <summary>The same for the first two seeds.</summary>
    public int MuteFirstSeeds() => _clusterRelays[0].Mute(RelayAddress(1)) + _clusterRelays[1].Mute(RelayAddress(0));

    public async Task RestartVehicleAsync(int index)
    {
        var vehicle = Vehicles[index];
        vehicle.Process.Kill();
        await vehicle.DisposeAsync();
        Vehicles[index] = StartVehicle(vehicle.Id, vehicle.Options.ExtraArguments);
    }

    public async Task RestartSeedAsync(SeedProcess seed) => await (await StartSeedAgainAsync(seed)).WaitUntilReadyAsync(StartLimit);

    /// <summary>Does not wait until it is ready.</summary>
    public async Task<SeedProcess> StartSeedAgainAsync(SeedProcess seed)
    {
        var index = Seeds.IndexOf(seed);
        await seed.DisposeAsync();
        return Seeds[index] = SeedProcess.Start(seed.Options);
    }

    /// <summary>A gauge of a seed, summed over its labels that match.</summary>
    public async Task<double> GaugeAsync(SeedProcess seed, string name, string label = "")
    {
        var page = await MetricsAsync(seed);
        return page.Split('\n')
            .Where(line => line.StartsWith(name + "{", StringComparison.Ordinal) && line.Contains(label, StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture));
    }

    /// <summary>Empty when the seed does not answer.</summary>
    private async Task<string> MetricsAsync(SeedProcess seed)
    {
        try
        {
            return await _http.GetStringAsync(new Uri(seed.Metrics, "/metrics"));
        }
        catch (HttpRequestException)
        {
            return "";
        }
    }

    /// <summary>Members by role and status, as a seed's metrics page has them.</summary>
    public async Task<string> MembersAsync(SeedProcess seed)
    {
        var page = await MetricsAsync(seed);
        return string.Join("; ", page.Split('\n').Where(line => line.StartsWith("mesh_cluster", StringComparison.Ordinal)).Select(line => line[(line.IndexOf(',') + 1)..]));
    }

    /// <summary>Waits until every seed sees one region, with nobody else in it, and each vehicle can be given work by each seed.</summary>
    /// <param name="supervised">Seeds that end with the wish to be started again (exit code 70) are.</param>
    public async Task UntilWholeAsync(int vehicles, TimeSpan limit, bool supervised = false)
    {
        var seen = "";
        await UntilAsync(
            async () =>
            {
                foreach (var ended in Seeds.Where(seed => supervised && seed.Process.ExitCode == ExitCodes.RestartMe).ToList())
                    await StartSeedAgainAsync(ended);
                foreach (var seed in Seeds)
                {
                    var (up, all, streams) = (
                        await GaugeAsync(seed, "mesh_cluster_members", "status=\"up\""),
                        await GaugeAsync(seed, "mesh_cluster_members"),
                        await GaugeAsync(seed, "mesh_work_streams"));
                    seen = $"{seed.Options.Name} has {streams} streams and sees {await MembersAsync(seed)}";
                    if (up != 3 + vehicles || all != 3 + vehicles || streams != vehicles)
                        return false;
                }

                return true;
            },
            limit,
            $"3 seeds and {vehicles} vehicles Up at every seed, nobody else, all with their work streams",
            () => $"{seen}{Environment.NewLine}{string.Join(Environment.NewLine, Tails())}");

        IEnumerable<string> Tails() => Seeds.Select(seed => seed.Process).Concat(Vehicles.Select(vehicle => vehicle.Process))
            .Select(process => $"--- {process.Name}{(process.ExitCode is { } code ? $", ended with {code}" : "")}:{Environment.NewLine}{process.Tail()}");
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
        foreach (var relay in _clusterRelays.Concat(_workRelays))
            await relay.DisposeAsync();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<ChurningRegion> BeginAsync(int vehicles, string? seedProgram, Func<VehicleId, IReadOnlyList<string>> argumentsOf)
    {
        try
        {
            await StartSeedsAsync(seedProgram);
            for (var i = 1; i <= vehicles; i++)
            {
                var id = new VehicleId($"V-{i:000}");
                Vehicles.Add(StartVehicle(id, argumentsOf(id)));
            }

            foreach (var vehicle in Vehicles)
                await vehicle.WaitUntilReadyAsync(StartLimit);
            return this;
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    private async Task StartSeedsAsync(string? program)
    {
        var journal = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        var ports = Enumerable.Range(0, 3).Select(_ => SeedPorts.Free()).ToList();
        var hosts = Enumerable.Range(0, 3).Select(i => _isRelayed && i < 2 ? RelayAddress(i) : "127.0.0.1").ToList();
        for (var i = 0; _isRelayed && i < 2; i++)
        {
            var listen = IPAddress.Parse(hosts[i]);
            _clusterRelays.Add(new Relay(listen, new IPEndPoint(IPAddress.Loopback, ports[i].Cluster)));
            _workRelays.Add(new Relay(listen, new IPEndPoint(IPAddress.Loopback, ports[i].Work)));
        }

        var addresses = ports.Select((p, i) => $"{hosts[i]}:{p.Cluster}").ToList();
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
                ExtraArguments = ["--host", hosts[i]],
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

    private static string RelayAddress(int seed) => $"127.0.0.{90 + seed}";

    private static string AddressOf(VehicleId vehicle) => $"127.0.0.{100 + int.Parse(vehicle.Value[2..], CultureInfo.InvariantCulture)}";

    private VehicleProcess StartVehicle(VehicleId id, IReadOnlyList<string> arguments) => VehicleProcess.Start(new VehicleOptions
    {
        Id = id,
        Seeds = Seeds[0].Options.Seeds,
        Location = new GeoPoint(52.52, 13.40),
        DataFolder = Path.Combine(_folder, id.Value),
        ExtraArguments = arguments,
    });
}
