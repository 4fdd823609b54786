using System.Text.Json;
using Mesh.Demo;
using Mesh.Demo.Batches;
using Mesh.Demo.Processes;
using Mesh.Process.Tests.Churn;
using Mesh.Testing;
using Xunit.Abstractions;

namespace Mesh.Process.Tests.Batches;

/// <summary>Three seeds; the one that hosts the router is killed while it runs a batch.</summary>
public sealed class BatchFailoverTests(ITestOutputHelper output)
{
    private const int Lines = 10_000;

    /// <summary>The promise of the architecture.</summary>
    private static readonly TimeSpan RouterBack = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [PostgresFact]
    public async Task A_batch_goes_on_at_another_seed_and_interactive_requests_there_are_not_touched()
    {
        await using var region = await ChurningRegion.StartAsync(vehicles: 3);
        var lost = region.RouterSeed;
        var survivors = region.Seeds.Where(seed => seed != lost).ToList();
        var loads = survivors.Select(seed => new SteadyLoad(seed, RequestOfFirstPicture())).ToList();
        try
        {
            // Any seed takes it, wherever the router is.
            using var http = LoopbackHttp.NewClient();
            http.Timeout = TimeSpan.FromMinutes(5);
            var client = new BatchClient(http, survivors[0].Http);
            var pictures = new PictureBatch(FashionPictures.Load(), Lines);
            var created = await client.CreateAsync(await client.UploadAsync(pictures.ToJsonLines()), PictureBatch.Endpoint, "once");
            // It takes over what is half done: outcomes that are recorded, and units that are out.
            var running = await UntilAsync(client, created.Id, report => report.IsOver || report.Counts.Completed > 0);
            Assert.True(running is { IsOver: false, Counts.Completed: < Lines }, "the batch had ended before the router's seed could be killed: more lines are needed");
            output.WriteLine($"{running.Counts.Completed} of {Lines} lines done");
            var before = region.Offices.Count;
            var killed = DateTime.UtcNow;
            lost.Process.Kill();
            await ChurningRegion.UntilAsync(() => Task.FromResult(region.Offices.Count > before), RouterBack, "a router in office at another seed");
            output.WriteLine($"{lost.Options.Name} killed; router back at {region.Offices[^1].Seed} after {(region.Offices[^1].At - killed).TotalSeconds:0.0} s");

            var report = await UntilAsync(client, created.Id, report => report.IsOver);
            Assert.True(report.Counts.Completed > running.Counts.Completed);
            output.WriteLine($"batch {report.Status} {(DateTime.UtcNow - killed).TotalSeconds:0.0} s after the kill; answered meanwhile {string.Join(", ", loads.Select(l => l.Answered))}");
            Assert.Equal(("completed", Lines, Lines), (report.Status, report.Counts.Total, report.Counts.Completed));
            Assert.Empty(pictures.Problems(await client.ContentAsync(report.OutputFileId!)));
            Assert.All(loads, load => Assert.Empty(load.Failures));
            Assert.All(loads, load => Assert.True(load.Answered > 0));
        }
        finally
        {
            foreach (var load in loads)
                await load.DisposeAsync();
        }
    }

    private static async Task<BatchStatusReport> UntilAsync(BatchClient client, string batch, Func<BatchStatusReport, bool> condition)
    {
        using var limit = new CancellationTokenSource(Limit);
        using var interval = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        while (true)
        {
            if (await client.GetAsync(batch) is var report && condition(report))
                return report;
            await interval.WaitForNextTickAsync(limit.Token);
        }
    }

    private static byte[] RequestOfFirstPicture() => JsonSerializer.SerializeToUtf8Bytes(new
    {
        inputs = new[]
        {
            new { name = "image", shape = new[] { 1, 1, 28, 28 }, datatype = "FP32", data = FashionPictures.Load().Image(0).ToArray() },
        },
    });
}
