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
/// would. CI runs a small one; the full one is
/// <c>MESH_TEST_BATCH_LINES=20000 MESH_TEST_BATCH_VEHICLES=6 MESH_TEST_BATCH_SEED_KILLS=2</c>.
/// </summary>
public sealed class BatchUnderChurnTests(ITestOutputHelper output)
{
    private static readonly int Lines = Setting("MESH_TEST_BATCH_LINES", 2000);
    private static readonly int Vehicles = Setting("MESH_TEST_BATCH_VEHICLES", 3);
    private static readonly int SeedKills = Setting("MESH_TEST_BATCH_SEED_KILLS", 1);
    private static readonly TimeSpan KillEvery = TimeSpan.FromSeconds(3);
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
        using var over = new CancellationTokenSource();
        var churn = ChurnAsync(mesh, over.Token);
        for (var kill = 2; kill <= SeedKills; kill++)
        {
            var share = Lines * (kill - 1) / SeedKills;
            var report = await UntilAsync(client, created.Id, report => report.IsOver || report.Counts.Completed >= share);
            Assert.False(report.IsOver, $"the batch had ended before the seed could be killed again: more lines are needed");
            await KillSeedAsync(mesh, $"{report.Counts.Completed} of {Lines} lines done");
        }

        var ended = await UntilAsync(client, created.Id, report => report.IsOver);
        await over.CancelAsync();
        output.WriteLine($"{await churn} vehicles killed and restarted");
        Assert.Equal(("completed", Lines, Lines, 0), (ended.Status, ended.Counts.Total, ended.Counts.Completed, ended.Counts.Failed));
        Assert.Null(ended.ErrorFileId);
        Assert.Empty(pictures.Problems(await client.ContentAsync(ended.OutputFileId!)));
    }

    private async Task KillSeedAsync(TestMesh mesh, string when)
    {
        var started = DateTime.UtcNow;
        await mesh.KillAsync(mesh.Seed.Process);
        await mesh.RestartSeedAsync();
        output.WriteLine($"seed killed ({when}); ready again after {(DateTime.UtcNow - started).TotalSeconds:0.0} s");
    }

    /// <summary>One vehicle after the other, whether the last one is back or not; answers how many.</summary>
    private static async Task<int> ChurnAsync(TestMesh mesh, CancellationToken over)
    {
        using var beat = new PeriodicTimer(KillEvery);
        var starts = Enumerable.Repeat(Task.CompletedTask, Vehicles).ToArray();
        var (kills, next) = (0, 0);
        try
        {
            do
            {
                // One that is still starting, because the seed is away, has nothing to lose.
                if (Enumerable.Range(0, Vehicles).Select(i => (next + i) % Vehicles).Where(i => starts[i].IsCompleted).ToList() is not [var index, ..])
                    continue;
                next = index + 1;
                await starts[index];
                var id = string.Create(CultureInfo.InvariantCulture, $"V-{index + 1:000}");
                var vehicle = mesh.Vehicles.Single(v => v.Id.Value == id);
                await mesh.KillAsync(vehicle.Process);
                await vehicle.DisposeAsync();
                starts[index] = mesh.StartVehicleAsync(index + 1);
                kills++;
            }
            while (await beat.WaitForNextTickAsync(over));
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The batch has ended.
        }

        await Task.WhenAll(starts);
        return kills;
    }

    /// <summary>Asks a few times a second; a seed that is away is asked again.</summary>
    private static async Task<BatchStatusReport> UntilAsync(BatchClient client, string batch, Func<BatchStatusReport, bool> condition)
    {
        using var limit = new CancellationTokenSource(Limit);
        using var interval = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
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
