using System.Globalization;
using Mesh.Demo;
using Mesh.Demo.Batches;
using Mesh.Demo.Processes;
using Mesh.Messages;
using Mesh.Process.Tests.Churn;
using Mesh.Testing;
using Npgsql;
using Xunit.Abstractions;

namespace Mesh.Process.Tests.Cities;

/// <summary>
/// The topology of docker/compose.yaml without a container engine: three seeds and six vehicles as processes, each in a network
/// namespace of its own, with a delay and losses between the cities. PostgreSQL is beside the seeds, over a Unix socket.
/// </summary>
public sealed class CitiesSpec(ITestOutputHelper output)
{
    private const int Lines = 2_000;
    private const int RequestsBeforeKill = 300;
    private const int Requests = 1_200;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private static readonly (City City, GeoPoint Place)[] Seeds =
    [
        (Of("frankfurt", 1, 0), new(50.11, 8.68)), (Of("amsterdam", 4, 0.001), new(52.37, 4.90)), (Of("paris", 5, 0.001), new(48.86, 2.35)),
    ];

    private static readonly (City City, GeoPoint Place)[] Vehicles =
    [
        (Of("berlin", 4, 0.005), new(52.52, 13.40)), (Of("munich", 6, 0.005), new(48.14, 11.58)), (Of("lyon", 8, 0.01), new(45.76, 4.84)),
        (Of("vienna", 12, 0.01), new(48.21, 16.37)), (Of("warsaw", 16, 0.015), new(52.23, 21.01)), (Of("helsinki", 20, 0.02), new(60.17, 24.94)),
    ];

    private static readonly City Client = Of("client", 2, 0.001);

    [CitiesFact]
    public async Task Between_cities_nothing_is_lost_but_packets()
    {
        var folder = Directory.CreateTempSubdirectory("mesh-cities-").FullName;
        await using var network = await CityNetwork.StartAsync([.. Seeds.Concat(Vehicles).Select(member => member.City), Client], seed: 1);
        var processes = new List<ManagedProcess>();
        try
        {
            var seeds = await StartSeedsAsync(network, folder, processes);
            var vehicles = await StartVehiclesAsync(network, folder, processes);
            using var http = ClientIn(network[Client.Name]);
            IReadOnlyList<Uri> addresses = [.. Seeds.Select(seed => new Uri($"http://{network[seed.City.Name].Address}:{SeedPorts.Default.Http}"))];
            await using var load = new FailoverLoad(http, addresses, clients: 6, pace: TimeSpan.FromMilliseconds(100));
            var pictures = new PictureBatch(FashionPictures.Load(), Lines);
            var batches = new BatchClient(http, addresses[^1]);
            var batch = await batches.CreateAsync(await batches.UploadAsync(pictures.ToJsonLines()), PictureBatch.Endpoint, "cities");

            await ChurningRegion.UntilAsync(() => Task.FromResult(load.Answered >= RequestsBeforeKill), Limit, "requests before a seed is killed");
            seeds[0].Kill();
            await ChurningRegion.UntilAsync(() => Task.FromResult(load.Answered >= Requests), Limit, "requests after that");
            await ChurningRegion.UntilAsync(async () => (await batches.GetAsync(batch.Id)).IsOver, Limit, "the end of the batch");
            var report = await batches.GetAsync(batch.Id);
            var result = await load.StopAsync();
            Print(network, result, report);
            Assert.Empty(result.Lost);
            Assert.Equal(("completed", Lines), (report.Status, report.Counts.Completed));
            Assert.Empty(pictures.Problems(await batches.ContentAsync(report.OutputFileId!)));
            Assert.True(network.Lost > 0, "no packet was lost");
            Assert.All(vehicles, vehicle => Assert.Null(vehicle.ExitCode));
        }
        finally
        {
            await Task.WhenAll(processes.Select(process => process.DisposeAsync().AsTask()));
            Directory.Delete(folder, recursive: true);
        }
    }

    private static City Of(string name, double milliseconds, double loss) => new(name, TimeSpan.FromMilliseconds(milliseconds), loss);

    private static async Task<IReadOnlyList<ManagedProcess>> StartSeedsAsync(CityNetwork network, string folder, List<ManagedProcess> processes)
    {
        var journal = await OverSocketAsync(await (await PostgresServer.SharedAsync()).CreateDatabaseAsync());
        var seeds = Seeds.Select((seed, i) =>
        {
            var space = network[seed.City.Name];
            var options = new SeedOptions
            {
                Name = $"seed-{i + 1}",
                Location = seed.Place,
                Ports = SeedPorts.Default,
                Seeds = SeedAddresses(network),
                Journal = journal,
                DataFolder = Path.Combine(folder, seed.City.Name),
                ModelsFolder = Checkout.Models,
                ExtraArguments = ["--host", space.Address, "--bind", space.Address],
            };
            return ManagedProcess.Start(space.Within(ProcessSpec.Dotnet(options.Name, "Mesh.Seed.dll", options.ToArguments())));
        }).ToList();
        processes.AddRange(seeds);
        foreach (var seed in seeds)
            await seed.WaitForLineAsync(line => line.Contains("seed ready", StringComparison.Ordinal), Limit);
        return seeds;
    }

    /// <summary>The same database by its server's Unix socket, which no network namespace hides.</summary>
    private static async Task<string> OverSocketAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("show unix_socket_directories", connection);
        return new NpgsqlConnectionStringBuilder(connectionString) { Host = (string?)await command.ExecuteScalarAsync() }.ConnectionString;
    }

    private static async Task<IReadOnlyList<ManagedProcess>> StartVehiclesAsync(CityNetwork network, string folder, List<ManagedProcess> processes)
    {
        var vehicles = Vehicles.Select((vehicle, i) =>
        {
            var space = network[vehicle.City.Name];
            var options = new VehicleOptions
            {
                Id = IdOf(i),
                Seeds = SeedAddresses(network),
                Location = vehicle.Place,
                DataFolder = Path.Combine(folder, vehicle.City.Name),
                ExtraArguments = ["--host", space.Address, "--bind", space.Address],
            };
            return ManagedProcess.Start(space.Within(ProcessSpec.Dotnet(options.Id.Value, "Mesh.Node.dll", options.ToArguments())));
        }).ToList();
        processes.AddRange(vehicles);
        foreach (var vehicle in vehicles)
            await vehicle.WaitForLineAsync(line => line.Contains("work stream open", StringComparison.Ordinal), Limit);
        return vehicles;
    }

    private static VehicleId IdOf(int vehicle) => new(string.Create(CultureInfo.InvariantCulture, $"V-{vehicle + 1:000}"));

    private static IReadOnlyList<string> SeedAddresses(CityNetwork network) =>
        [.. Seeds.Select(seed => $"{network[seed.City.Name].Address}:{SeedPorts.Default.Cluster}")];

    /// <summary>Of this process, but its connections begin in the namespace.</summary>
    private static HttpClient ClientIn(NetworkNamespace space) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        MaxConnectionsPerServer = 16,
        ConnectTimeout = TimeSpan.FromSeconds(2),
        ConnectCallback = async (context, cancellation) =>
        {
            var socket = space.NewSocket();
            try
            {
                await socket.ConnectAsync(context.DnsEndPoint, cancellation);
                return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    })
    {
        Timeout = TimeSpan.FromSeconds(30),
    };

    private void Print(CityNetwork network, FailoverResult result, BatchStatusReport batch)
    {
        output.WriteLine("city        vehicle  round trip to Frankfurt  loss each way  answered   p50      p99");
        foreach (var (i, (city, _)) in Vehicles.Index())
        {
            var latencies = result.Answers.Where(answer => answer.Vehicle == IdOf(i).Value).Select(answer => answer.Latency).ToList();
            var times = latencies.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" {Ms(latencies, 0.5),6:0} ms {Ms(latencies, 0.99),6:0} ms");
            var roundTrip = 2 * (city.Delay + Seeds[0].City.Delay).TotalMilliseconds;
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{city.Name,-10}  {IdOf(i).Value}    {roundTrip,19:0} ms {city.Loss * 100,13:0.0} % {latencies.Count,9}{times}"));
        }

        output.WriteLine($"interactive: {result}");
        output.WriteLine($"batch: {batch.Status}, {batch.Counts.Completed} of {batch.Counts.Total} lines");
        output.WriteLine($"packets: {network.Carried} carried, {network.Lost} lost; seed-1 killed after {RequestsBeforeKill} answers");

        static double Ms(List<TimeSpan> latencies, double part) =>
            latencies.Order().ElementAt((int)Math.Min(latencies.Count - 1, part * latencies.Count)).TotalMilliseconds;
    }
}
