using System.Diagnostics;
using Mesh.Benchmarks.Policy;
using Mesh.Demo;
using Mesh.Hosting;

namespace Mesh.Benchmarks.FleetLife;

/// <summary>The command <c>fleet</c>.</summary>
internal static class FleetRun
{
    private const int VerdictFailed = 1;

    private static readonly TimeSpan JoinLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(30);

    public static async Task<int> RunAsync(FleetOptions options, TextWriter output)
    {
        // Past all its loggers, Akka tells the console of each system that ends: that is one a departure.
        Console.SetOut(TextWriter.Null);
        var stays = FleetSchedule.Create(
            ChargingTrace.Read(options.Trace), options.Cars, options.Length, options.Speed, (ulong)options.Seed);
        var result = await RunAsync(options, stays, output);
        FleetReport.Print(result, options, output);
        return options.Strict && !FleetReport.Verdicts(result).All(verdict => verdict.Passes) ? VerdictFailed : ExitCodes.Ok;
    }

    /// <summary>Runs the fleet through these stays.</summary>
    public static async Task<FleetResult> RunAsync(FleetOptions options, IReadOnlyList<FleetStay> stays, TextWriter output)
    {
        var pictures = FashionPictures.Load();
        using var direct = new DirectRun();
        var trips = SlowModel.Calibrate();
        await using var region = await FleetRegion.StartAsync(options.Cars);
        var load = new FleetLoad(region, trips, pictures, direct.ClassifyEach(pictures));
        await BeginAsync(region, stays, load);
        output.WriteLine($"{region.Serving.Count} of {options.Cars} cars are at home; a slow request makes {trips} trips");

        using var stop = new CancellationTokenSource(options.Length);
        var clock = new FleetClock(stop.Token);
        var began = Stopwatch.GetTimestamp();
        var lives = region.Cars.Select((car, number) =>
            new CarLife(car, [.. stays.Where(stay => stay.Car == number).OrderBy(stay => stay.Leaves)], load, clock).RunAsync());
        await Task.WhenAll([.. lives, load.RunAsync(options.Pictures, options.Slow, stop.Token), TellAsync(region, load, clock, output)]);
        await load.WhenAllEndedAsync();

        var departures = region.Cars.SelectMany(car => car.Departures).ToList();
        return new FleetResult(
            options.Length,
            [.. load.Ends],
            departures,
            new Redispatches(departures, region.Tap.Ended, region.Tap.VehicleOf).Of(region.Tap.Journeys),
            [.. region.Cars.SelectMany(car => car.Joins).Where(join => join.At > began).Select(join => join.Took)]);
    }

    /// <summary>Who is at home at the start joins and loads the models.</summary>
    private static async Task BeginAsync(FleetRegion region, IReadOnlyList<FleetStay> stays, FleetLoad load)
    {
        var home = stays.Where(stay => stay.Arrives <= TimeSpan.Zero).Select(stay => region.Cars[stay.Car]).Distinct().ToList();
        foreach (var car in home)
            car.Park();
        using var limit = new CancellationTokenSource(JoinLimit);
        while (home.Except(region.Serving).Any())
            await Task.Delay(TimeSpan.FromMilliseconds(100), limit.Token);
        foreach (var car in home)
            await load.WarmAsync(car);
    }

    private static async Task TellAsync(FleetRegion region, FleetLoad load, FleetClock clock, TextWriter output)
    {
        try
        {
            while (true)
            {
                await clock.PassAsync(ReportEvery);
                var departures = region.Cars.Sum(car => car.Departures.Count());
                output.WriteLine(
                    $"{clock.Now.TotalSeconds,4:0} s: {region.Serving.Count,2} cars serve, {departures,3} departures, "
                    + $"{load.Ends.Count} of {load.Sent} requests ended");
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }
}
