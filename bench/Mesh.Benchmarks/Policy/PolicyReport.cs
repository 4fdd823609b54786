using System.Globalization;
using Mesh.Seed.Routing;

namespace Mesh.Benchmarks.Policy;

/// <summary>The tables, and at their end the verdicts.</summary>
internal sealed class PolicyReport(TextWriter output)
{
    private const double HighLoad = 0.9;

    private readonly List<(string Text, bool Passes)> _verdicts = [];

    public void Print(IReadOnlyList<Calibration> calibrations)
    {
        output.WriteLine();
        output.WriteLine("P(stay), learned from the sessions before the month and asked about every parked car in it");
        foreach (var one in calibrations)
        {
            var horizon = one.Horizon < TimeSpan.FromHours(1) ? $"{one.Horizon.TotalMinutes:0} min" : $"{one.Horizon.TotalHours:0} h";
            output.WriteLine();
            output.WriteLine($"  within {horizon}; tenths of {one.Deciles[0].Count} moments");
            output.WriteLine("    forecast  " + string.Concat(one.Deciles.Select(decile => Text(decile.Forecast, "0.000").PadLeft(8))));
            output.WriteLine("    stayed    " + string.Concat(one.Deciles.Select(decile => Text(decile.Stayed, "0.000").PadLeft(8))));
            output.WriteLine($"    Brier score {Text(one.Brier, "0.00000")}, constant hazard {Text(one.ConstantBrier, "0.00000")}; "
                + $"by day, difference {Text(one.Difference, "0.00000")}");
            _verdicts.Add((
                $"P(stay) within {horizon}: Brier score below the constant hazard's, difference {Text(one.Difference, "0.00000")}",
                one.Difference.High < 0));
        }
    }

    public void Print(Comparison comparison)
    {
        output.WriteLine();
        output.WriteLine(FormattableString.Invariant(
            $"{comparison.Name}: {comparison.Requests} requests to each policy, mean and 95 % interval over {comparison.Windows} windows"));
        output.WriteLine($"  {"",-14}" + string.Concat(Metric.All.Select(metric => Heading(metric).PadLeft(Width(metric)))));
        foreach (var policy in ChoicePolicy.All)
        {
            output.WriteLine($"  {policy.Name,-14}"
                + string.Concat(Metric.All.Select(metric => Text(comparison.Of(policy, metric), metric.Format).PadLeft(Width(metric)))));
        }

        Judge(comparison);
    }

    /// <summary>True: all pass.</summary>
    public bool PrintVerdicts()
    {
        output.WriteLine();
        output.WriteLine("Verdicts (differences are this policy's less the other's, window by window, with their 95 % intervals)");
        foreach (var (text, passes) in _verdicts)
            output.WriteLine($"  {(passes ? "pass" : "FAIL")}  {text}");
        output.WriteLine($"  {_verdicts.Count(verdict => verdict.Passes)} of {_verdicts.Count} pass");
        return _verdicts.All(verdict => verdict.Passes);
    }

    private void Judge(Comparison comparison)
    {
        foreach (var metric in new[] { Metric.P50, Metric.P99, Metric.Missed })
            Judge(comparison, metric, "never worse", (_, difference) => IsNotWorse(difference));
        // A hedge is work that is wasted on purpose: it may cost as much as it is capped to. Units are not hedged.
        var hedges = comparison.Work.IsBatch ? 0 : 100 * new RouterSettings().HedgeShare;
        Judge(
            comparison,
            Metric.Wasted,
            comparison.Work.IsBatch ? "never worse" : FormattableString.Invariant($"never worse by more than the {hedges:0.#} % that hedges may cost"),
            (_, difference) => !(difference.Low > hedges));
        // Cars are not equally fast: a policy that treats them as if they were uses them more evenly. It must pay for that.
        Judge(
            comparison,
            Metric.Balance,
            "never worse than of a policy that is as fast",
            (policy, difference) => IsNotWorse(difference) || comparison.IsFaster(policy));
        if (comparison.Load >= HighLoad)
        {
            Judge(comparison, Metric.Missed, "better", IsBetter);
            Judge(comparison, Metric.P99, "better", IsBetter);
        }

        if (comparison.Work.IsBatch)
            Judge(comparison, Metric.Wasted, "better", IsBetter);

        // Where the other has nothing of it, there is nothing to better.
        bool IsBetter(ChoicePolicy policy, Interval difference) => difference.High < 0 || difference == new Interval(0, 0);
    }

    private static bool IsNotWorse(Interval difference) => !(difference.Low > 0);

    private void Judge(Comparison comparison, Metric metric, string claim, Func<ChoicePolicy, Interval, bool> holds)
    {
        var failing = ChoicePolicy.Baselines
            .Select(policy => (policy, Difference: comparison.Difference(policy, metric)))
            .Where(other => !holds(other.policy, other.Difference))
            .Select(other => $"{other.policy.Name} by {Text(other.Difference with { Mean = metric.Sign * other.Difference.Mean }, metric.Format)}")
            .ToList();
        var text = $"{comparison.Name}: {metric.Name} {claim}";
        _verdicts.Add((
            failing.Count == 0 ? text : $"{text}; not so beside {string.Join(", ", failing)} {metric.Unit}".TrimEnd(), failing.Count == 0));
    }

    private static string Heading(Metric metric) => metric.Unit.Length == 0 ? metric.Name : $"{metric.Name} {metric.Unit}";

    private static int Width(Metric metric) => Math.Max(metric.Unit == "ms" ? 20 : 16, Heading(metric).Length + 2);

    private static string Text(Interval interval, string format) => $"{Text(interval.Mean, format)} ±{Text(interval.HalfWidth, format)}";

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
