using System.Globalization;
using Mesh.Hosting;

namespace Mesh.Benchmarks.Policy;

/// <summary>The <c>policy</c> command.</summary>
internal static class PolicyRun
{
    /// <summary>The window that the traces' README names as the best for replay; what ended before is history.</summary>
    public static readonly DateTimeOffset From = new(2020, 1, 6, 0, 0, 0, TimeSpan.Zero);
    public static readonly DateTimeOffset To = new(2020, 2, 1, 0, 0, 0, TimeSpan.Zero);

    private const int VerdictFailed = 1;

    /// <summary>Norway's winter time.</summary>
    private static readonly TimeSpan Local = TimeSpan.FromHours(1);

    /// <summary>Local hours at which windows begin, in turn: most around the morning's departures, the others over the day.</summary>
    private static readonly int[] Hours = [6, 7, 17, 6, 8, 7, 12, 6, 21, 7, 6, 3];

    private static readonly double[] Loads = [0.3, 0.6, 0.9];

    /// <returns>The process's exit code.</returns>
    public static int Run(PolicyOptions options, TextWriter output)
    {
        try
        {
            return Run(options, ChargingTrace.Read(options.Trace), output) || !options.Strict ? ExitCodes.Ok : VerdictFailed;
        }
        catch (Exception wrong) when (wrong is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"mesh benchmarks: {wrong.Message}");
            return ExitCodes.Configuration;
        }
    }

    /// <summary>True: every verdict passes.</summary>
    public static bool Run(PolicyOptions options, ChargingTrace trace, TextWriter output)
    {
        output.WriteLine(ChargingTrace.Attribution);
        output.WriteLine();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"seed {options.Seed}; {options.Windows} windows between {From:yyyy-MM-dd} and {To.AddDays(-1):yyyy-MM-dd}; {options.Announcing} % of departures announced"));
        var report = new PolicyReport(output);
        if (options.Runs(PolicyOptions.Calibration))
            report.Print(Calibration.Measure(trace, new LearnedForecast(), new ConstantHazard(), From, To));
        if (options.Runs(PolicyOptions.Interactive) || options.Runs(PolicyOptions.Batch))
        {
            var windows = Windows(options).Select(start => (start, History.Until(trace, start))).ToList();
            foreach (var work in Works(options))
            {
                foreach (var load in Loads)
                {
                    // Batches need more windows: what is lost with cars is rare.
                    var count = work.IsBatch ? windows.Count : (windows.Count + 1) / 2;
                    report.Print(Comparison.Run(windows[..count], work, load, (start, i) => Scenario.Create(
                        trace, work, load, start, options.Announcing / 100.0, (ulong)options.Seed, Draw.Hash((ulong)options.Seed, (ulong)i, Draw.Hash(work.Name)))));
                }
            }
        }

        return report.PrintVerdicts();
    }

    private static IEnumerable<Work> Works(PolicyOptions options)
    {
        if (options.Runs(PolicyOptions.Interactive))
            yield return Work.Interactive(options.Scale);
        if (!options.Runs(PolicyOptions.Batch))
            yield break;
        foreach (var seconds in Work.UnitSeconds)
            yield return Work.Units(seconds, options.Scale);
    }

    private static IEnumerable<DateTimeOffset> Windows(PolicyOptions options)
    {
        var days = (int)(To - From).TotalDays;
        for (var i = 0; i < options.Windows; i++)
        {
            var hash = Draw.Hash((ulong)options.Seed, 51, (ulong)i);
            var hour = Hours[i % Hours.Length];
            var day = From.AddDays((int)(Draw.Uniform(hash) * days));
            // The morning's departures are those of working days.
            while (hour is >= 6 and <= 9 && day.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday)
                day = day.AddDays(-1);
            yield return day.AddHours(hour) - Local + TimeSpan.FromMinutes((int)(Draw.Uniform(Draw.Hash(hash, 1)) * 40));
        }
    }
}
