using System.Globalization;
using System.Net.Http;
using Mesh.Demo;
using Mesh.Demo.Batches;
using Mesh.Demo.Processes;
using Mesh.Process.Tests.Meshes;
using Xunit.Abstractions;

namespace Mesh.Process.Tests.Batches;

/// <summary>
/// A batch while vehicles are killed and restarted and the only seed is killed: every line is answered once, as a direct run
/// would. Kills come as the batch gets on, so that none of them meets one that has not begun or has ended. CI runs a small one;
/// the full one is <c>MESH_TEST_BATCH_LINES=20000 MESH_TEST_BATCH_VEHICLES=6 MESH_TEST_BATCH_SEED_KILLS=2</c>.
/// </summary>
public sealed class BatchUnderChurnTests(ITestOutputHelper output)
{
    private static readonly int Lines = Setting("MESH_TEST_BATCH_LINES", 12_000);
    private static readonly int Vehicles = Setting("MESH_TEST_BATCH_VEHICLES", 3);
    private static readonly int VehicleKills = Setting("MESH_TEST_BATCH_VEHICLE_KILLS", Vehicles);
    private static readonly int SeedKills = Setting("MESH_TEST_BATCH_SEED_KILLS", 1);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task Every_line_is_answered_once_while_vehicles_and_the_seed_are_killed()
    {
        await using var mesh = await TestMesh.StartAsync(Vehicles);
        using var http = LoopbackHttp.NewClient();
        http.Timeout = TimeSpan.FromMinutes(5);
        var client = new BatchClient(http, mesh.Seed.Http);
        var pictures = new PictureBatch(FashionPictures.Load(), Lines);
        var file = await client.UploadAsync(pictures.ToJsonLines());
        var created = await client.CreateAsync(file, PictureBatch.Endpoint, "once");

        // 200 means that it is durable, at any instant: this one, and when some of it is answered.
        await KillSeedAsync(mesh, "just created");
        Assert.Equal(created.Id, (await client.CreateAsync(file, PictureBatch.Endpoint, "once")).Id);
        var starts = Enumerable.Repeat(Task.CompletedTask, Vehicles).ToArray();
        var kills = Kills().ToList();
        for (var i = 0; i < kills.Count; i++)
        {
            // Some thousand lines are recorded at once: after the last kill there must be more than that.
            var share = Math.Max(1, Lines * i / (kills.Count + 1));
            var report = await UntilAsync(client, created.Id, report => report.IsOver || report.Counts.Completed >= share);
            Assert.False(report.IsOver, $"the batch had ended before kill {i + 1} of {kills.Count}: more lines are needed");
            if (kills[i] is { } vehicle)
                await KillVehicleAsync(mesh, starts, vehicle, $"{report.Counts.Completed} of {Lines} lines done");
            else
                await KillSeedAsync(mesh, $"{report.Counts.Completed} of {Lines} lines done");
        }

        var ended = await UntilAsync(client, created.Id, report => report.IsOver);
        await Task.WhenAll(starts);
        Assert.Equal(("completed", Lines, Lines, 0), (ended.Status, ended.Counts.Total, ended.Counts.Completed, ended.Counts.Failed));
        Assert.Null(ended.ErrorFileId);
        Assert.Empty(pictures.Problems(await client.ContentAsync(ended.OutputFileId!)));
    }

    /// <summary>Who is killed, in order: a vehicle by its number, or (null) the seed, which is after the first vehicle and then evenly among them.</summary>
    private static IEnumerable<int?> Kills()
    {
        var seeds = 0;
        for (var i = 0; i < VehicleKills; i++)
        {
            yield return i % Vehicles;
            for (; seeds < SeedKills && seeds * VehicleKills <= i * SeedKills; seeds++)
                yield return null;
        }
    }

    private async Task KillSeedAsync(TestMesh mesh, string when)
    {
        var started = DateTime.UtcNow;
        await mesh.KillAsync(mesh.Seed.Process);
        await mesh.RestartSeedAsync();
        output.WriteLine($"seed killed ({when}); ready again after {(DateTime.UtcNow - started).TotalSeconds:0.0} s");
    }

    /// <summary>It starts again beside what follows; one that is still starting has nothing to lose, so it is waited for.</summary>
    private async Task KillVehicleAsync(TestMesh mesh, Task[] starts, int index, string when)
    {
        await starts[index];
        var id = string.Create(CultureInfo.InvariantCulture, $"V-{index + 1:000}");
        var vehicle = mesh.Vehicles.Single(v => v.Id.Value == id);
        await mesh.KillAsync(vehicle.Process);
        await vehicle.DisposeAsync();
        starts[index] = mesh.StartVehicleAsync(index + 1);
        output.WriteLine($"{id} killed ({when})");
    }

    /// <summary>Asks many times a second; a seed that is away is asked again.</summary>
    private static async Task<BatchStatusReport> UntilAsync(BatchClient client, string batch, Func<BatchStatusReport, bool> condition)
    {
        using var limit = new CancellationTokenSource(Limit);
        using var interval = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        while (true)
        {
            try
            {
                if (await client.GetAsync(batch) is var report && condition(report))
                    return report;
            }
            catch (HttpRequestException e) when (e.StatusCode is null or System.Net.HttpStatusCode.ServiceUnavailable)
            {
                // Not there now.
            }

            await interval.WaitForNextTickAsync(limit.Token);
        }
    }

    private static int Setting(string name, int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : usual;
}
