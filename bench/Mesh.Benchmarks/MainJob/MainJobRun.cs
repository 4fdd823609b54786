using Mesh.Demo;
using Mesh.Hosting;

namespace Mesh.Benchmarks.MainJob;

/// <summary>Measures the parts that were asked for, round after round, and prints the table.</summary>
internal static class MainJobRun
{
    private const int TargetMissed = 1;

    public static async Task<int> RunAsync(BenchOptions options, TextWriter output)
    {
        var report = new Report();
        if (options.Measures(BenchOptions.WorkStream))
            await MeasureStreamAsync(options, report);
        if (options.Measures(BenchOptions.Throughput) || options.Measures(BenchOptions.Latency))
            await MeasureMeshAsync(options, report);
        report.Print(output, options);
        return options.Strict && !report.AllMet ? TargetMissed : ExitCodes.Ok;
    }

    private static async Task MeasureStreamAsync(BenchOptions options, Report report)
    {
        await using var part = new WorkStreamPart(report);
        await part.StartAsync();
        await RoundsAsync(options, BenchOptions.WorkStream, part.MeasureAsync);
    }

    private static async Task MeasureMeshAsync(BenchOptions options, Report report)
    {
        using var direct = new DirectRun();
        await using var mesh = new BenchMesh();
        await mesh.StartAsync();
        if (options.Measures(BenchOptions.Throughput))
        {
            var part = new ThroughputPart(report, mesh, direct);
            await part.StartAsync();
            await RoundsAsync(options, BenchOptions.Throughput, part.MeasureAsync);
        }

        if (options.Measures(BenchOptions.Latency))
        {
            await using var part = new LatencyPart(report, mesh, direct);
            await part.StartAsync();
            await RoundsAsync(options, BenchOptions.Latency, part.MeasureAsync);
        }
    }

    private static async Task RoundsAsync(BenchOptions options, string part, Func<TimeSpan, Task> measure)
    {
        for (var round = 1; round <= options.Rounds; round++)
        {
            Console.Error.WriteLine($"{part}: round {round} of {options.Rounds}");
            await measure(options.Duration);
        }
    }
}
