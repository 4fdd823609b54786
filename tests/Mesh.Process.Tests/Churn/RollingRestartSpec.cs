using System.Diagnostics;
using Mesh.Demo;
using Mesh.Demo.Batches;
using Mesh.Demo.Processes;
using Mesh.Testing;
using Xunit.Abstractions;

namespace Mesh.Process.Tests.Churn;

/// <summary>All seeds are restarted one after the other, as for a new release: afterwards the vehicles are the oldest members.</summary>
public sealed class RollingRestartSpec(ITestOutputHelper output)
{
    private const int Lines = 6_000;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    /// <summary>The drill of docs/OPERATING.md: SIGTERM, wait until it is gone, start it, wait until it is ready, then the next.</summary>
    [PostgresFact]
    public async Task Under_load_nothing_is_lost()
    {
        await using var region = await ChurningRegion.StartAsync(vehicles: 3);
        using var http = LoopbackHttp.NewClient(connections: 16);
        var pictures = new PictureBatch(FashionPictures.Load(), Lines);
        await using var load = new FailoverLoad(http, [.. region.Seeds.Select(seed => seed.Http)], clients: 6, pace: TimeSpan.FromMilliseconds(100));
        var batches = new BatchClient(http, region.Seeds[^1].Http);
        var batch = await batches.CreateAsync(await batches.UploadAsync(pictures.ToJsonLines()), PictureBatch.Endpoint, "rolling");

        foreach (var seed in region.Seeds.ToList())
        {
            var begun = Stopwatch.GetTimestamp();
            Assert.True(await seed.Process.TerminateAsync(Limit), $"{seed.Options.Name} did not leave");
            Assert.Equal(0, seed.Process.ExitCode);
            var left = Stopwatch.GetElapsedTime(begun);
            await region.RestartSeedAsync(seed);
            output.WriteLine($"{seed.Options.Name} left within {left.TotalSeconds:0.0} s, ready again after {Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s");
            // The next one goes when every vehicle can be given work by this one.
            await region.UntilWholeAsync(vehicles: 3, Limit);
        }

        await ChurningRegion.UntilAsync(async () => (await batches.GetAsync(batch.Id)).IsOver, Limit, "the end of the batch");
        var report = await batches.GetAsync(batch.Id);
        var result = await load.StopAsync();
        output.WriteLine($"interactive: {result}");
        output.WriteLine($"batch: {report.Status}, {report.Counts.Completed} of {report.Counts.Total} lines");
        Assert.Empty(result.Lost);
        Assert.True(result.Answered > 0);
        Assert.Equal(("completed", Lines, Lines), (report.Status, report.Counts.Total, report.Counts.Completed));
        Assert.Empty(pictures.Problems(await batches.ContentAsync(report.OutputFileId!)));
    }

    [PostgresFact]
    public async Task Vehicles_that_have_become_older_than_every_seed_renew_their_sessions()
    {
        await using var region = await ChurningRegion.StartAsync(vehicles: 2);
        foreach (var seed in region.Seeds.ToList())
        {
            await seed.Process.TerminateAsync(Limit);
            await region.RestartSeedAsync(seed);
        }

        foreach (var vehicle in region.Vehicles)
        {
            var renewal = await vehicle.Process.WaitForLineAsync(line => line.Contains("older than every seed", StringComparison.Ordinal), Limit);
            Assert.Contains($"{vehicle.Id} is", renewal, StringComparison.Ordinal);
        }

        // Each in a session of its own again, and nobody else is left.
        await region.UntilWholeAsync(vehicles: 2, Limit);
    }
}
