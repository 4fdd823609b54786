using System.Runtime.CompilerServices;
using Mesh.Benchmarks.Policy;

namespace Mesh.Benchmarks.FleetLife;

/// <summary>What must hold, what was reached, and whether it held.</summary>
internal sealed record FleetVerdict(string Name, string Reached, string Wanted, bool Passes);

/// <summary>The closing tables.</summary>
internal static class FleetReport
{
    /// <summary>The issue's limits, which the slowest of all must keep.</summary>
    private static readonly TimeSpan FreedLimit = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan RedispatchLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan JoinLimit = TimeSpan.FromSeconds(3);

    public static IReadOnlyList<FleetVerdict> Verdicts(FleetResult result) =>
    [
        None("requests lost", result.Lost),
        None("requests answered late", result.Late),
        None("requests answered wrong", result.Wrong),
        None("requests failed or refused without a reason", result.Failed),
        Within("processor free after 'now'", result.Freed(DepartureStyle.Now), FreedLimit),
        Within("re-dispatched after 'vanished'", result.RedispatchedAfter(DepartureStyle.Vanished), RedispatchLimit),
        Within("dispatchable after becoming eligible", result.Joins, JoinLimit),
    ];

    public static void Print(FleetResult result, FleetOptions options, TextWriter output)
    {
        output.WriteLine();
        output.WriteLine(Report.Machine);
        output.WriteLine(Text(
            $"{options.Cars} cars, {options.Length.TotalMinutes:0.#} min of sessions {options.Speed:0} times as fast, seed {options.Seed}: "
            + $"{result.Departures.Count} departures, {result.Joins.Count} arrivals"));
        output.WriteLine();
        Requests(result, output);
        output.WriteLine();
        Departures(result, output);
        output.WriteLine();
        foreach (var verdict in Verdicts(result))
            output.WriteLine($"  {verdict.Name,-46}{verdict.Reached,12}   {verdict.Wanted}: {(verdict.Passes ? "pass" : "MISS")}");
        output.WriteLine();
        output.WriteLine(ChargingTrace.Attribution);
    }

    private static void Requests(FleetResult result, TextWriter output)
    {
        var answered = result.Answered.ToList();
        output.WriteLine(Text($"  {result.Ends.Count,7:#,0} requests with a deadline of {FleetLoad.Budget.TotalSeconds:0} s"));
        output.WriteLine(Text($"  {answered.Count,7:#,0} answered, after {Times(answered.Select(end => end.Took))} ms (median, p99, longest)"));
        foreach (var attempts in answered.GroupBy(end => end.Attempts).OrderBy(group => group.Key))
            output.WriteLine(Text($"  {attempts.Count(),7:#,0}   attempts: {attempts.Key}; hedged: {attempts.Count(end => end.Hedged)}"));
        foreach (var kind in result.Ends.Except(answered).GroupBy(end => (end.Outcome, end.Error)).OrderByDescending(kind => kind.Count()))
            output.WriteLine(Text($"  {kind.Count(),7:#,0} {kind.Key.Outcome?.ToString() ?? "lost"}: {kind.Key.Error}"));
    }

    private static void Departures(FleetResult result, TextWriter output)
    {
        output.WriteLine("  departure   all  serving  with work   processor free, ms           requests   re-dispatched, ms");
        output.WriteLine("                                         median     p99 longest       moved      median     p99 longest");
        foreach (var style in Enum.GetValues<DepartureStyle>())
        {
            var (of, moved) = (result.Of(style).ToList(), result.RedispatchedAfter(style).ToList());
            var (all, met) = (result.Departures.Count(departure => departure.Style == style), of.Count(departure => departure.Met > 0));
            output.WriteLine(Text(
                $"  {style.ToString().ToLowerInvariant(),-9}{all,6}{of.Count,9}{met,11}   "
                + $"{Times(result.Freed(style)),26}{moved.Count,12}   {Times(moved),26}"));
        }

        output.WriteLine(Text($"  arrivals  {result.Joins.Count,5}   dispatchable after {Times(result.Joins)} ms (median, p99, longest)"));
    }

    private static string Times(IEnumerable<TimeSpan> times)
    {
        var milliseconds = times.Select(time => time.TotalMilliseconds).ToArray();
        return milliseconds.Length == 0
            ? "-"
            : Text($"{LoadLoop.Median(milliseconds),8:#,0}{Statistics.Quantile(milliseconds, 0.99),8:#,0}{milliseconds.Max(),8:#,0}");
    }

    private static FleetVerdict None(string name, IEnumerable<RequestEnd> ends) => new(name, Text($"{ends.Count()}"), "none", !ends.Any());

    private static FleetVerdict Within(string name, IEnumerable<TimeSpan> times, TimeSpan limit)
    {
        var longest = times.DefaultIfEmpty().Max();
        var wanted = Text($"at most {limit.TotalMilliseconds:#,0} ms");
        return new FleetVerdict(name, Text($"{longest.TotalMilliseconds:#,0} ms"), wanted, longest <= limit);
    }

    /// <summary>In the process's culture, which is the invariant one.</summary>
    private static string Text(DefaultInterpolatedStringHandler text) => text.ToStringAndClear();
}
