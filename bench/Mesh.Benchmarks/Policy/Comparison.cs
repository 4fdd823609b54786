using Mesh.Seed.Routing;
using Mesh.Seed.Routing.Choice;

namespace Mesh.Benchmarks.Policy;

/// <summary>A way to choose, in a router of its own for each run.</summary>
/// <param name="Choice">Null = the one that the mesh runs with.</param>
internal sealed record ChoicePolicy(string Name, Func<IVehicleChoice>? Choice)
{
    public static ChoicePolicy This { get; } = new("this", null);

    public static IReadOnlyList<ChoicePolicy> Baselines { get; } =
    [
        new("random", () => new RandomChoice()),
        new("round-robin", () => new RoundRobinChoice()),
        new("least-loaded", () => new LeastLoadedChoice()),
        new("nearest-only", () => new NearestChoice()),
        new("two choices", () => new TwoChoices()),
    ];

    public static IReadOnlyList<ChoicePolicy> All { get; } = [This, .. Baselines];

    /// <param name="origin">The wall clock's time at zero of the router's clock.</param>
    public RouterState Router(DateTimeOffset origin)
    {
        var settings = new RouterSettings();
        // Hedging is part of this policy; the others run in the same router without it.
        return new RouterState(Choice is null ? settings : settings with { HedgeShare = 0 }, City.Oslo.Place, Choice?.Invoke(), origin);
    }
}

/// <summary>One of the quantities that policies are compared by.</summary>
/// <param name="Sign">1 where less is better, −1 where more is.</param>
internal sealed record Metric(string Name, string Unit, string Format, double Scale, int Sign, Func<Measures, double> Of)
{
    public static Metric P50 { get; } = new("p50", "ms", "0.0", 1, 1, m => m.P50);

    public static Metric P99 { get; } = new("p99", "ms", "0.0", 1, 1, m => m.P99);

    public static Metric Missed { get; } = new("missed", "%", "0.000", 100, 1, m => m.MissShare);

    public static Metric Wasted { get; } = new("wasted", "%", "0.000", 100, 1, m => m.WasteShare);

    public static Metric Balance { get; } = new("balance", "", "0.000", 1, -1, m => m.Balance);

    /// <summary>The table's columns.</summary>
    public static IReadOnlyList<Metric> All { get; } =
    [
        P50,
        P99,
        Missed,
        Wasted,
        Balance,
        new("longest queue", "s", "0.00", 1, 1, m => m.LongestQueue),
        new("of which left", "%", "0.000", 100, 1, m => m.LeftShare),
        new("attempts", "", "0.000", 1, 1, m => m.Attempts),
    ];
}

/// <summary>One kind of work at one load: every policy in the same windows, with the same cars and requests.</summary>
internal sealed class Comparison(Work work, double load, IReadOnlyDictionary<ChoicePolicy, Measures[]> runs)
{
    public Work Work => work;

    public double Load => load;

    public string Name => FormattableString.Invariant($"{work.Name}, {load * 100:0} % load");

    public int Windows => runs[ChoicePolicy.This].Length;

    public int Requests => runs[ChoicePolicy.This].Sum(run => run.Requests);

    public static Comparison Run(
        IReadOnlyList<(DateTimeOffset Start, RecordsLearned Known)> windows, Work work, double load, Func<DateTimeOffset, int, Scenario> create)
    {
        var runs = ChoicePolicy.All.ToDictionary(policy => policy, _ => new Measures[windows.Count]);
        Parallel.For(0, windows.Count, i =>
        {
            var scenario = create(windows[i].Start, i);
            foreach (var policy in ChoicePolicy.All)
                runs[policy][i] = new Simulation(scenario, policy.Router(scenario.Start)).Run(windows[i].Known);
        });
        return new Comparison(work, load, runs);
    }

    /// <summary>This policy answers sooner than the other, in the middle or at the tail, and at neither later.</summary>
    public bool IsFaster(ChoicePolicy other)
    {
        var (p50, p99) = (Difference(other, Metric.P50), Difference(other, Metric.P99));
        return Math.Min(p50.High, p99.High) < 0 && !(Math.Max(p50.Low, p99.Low) > 0);
    }

    public Interval Of(ChoicePolicy policy, Metric metric) => Interval.Of([.. runs[policy].Select(run => metric.Of(run) * metric.Scale)]);

    /// <summary>This policy less the other, window by window; negative where this one is better.</summary>
    public Interval Difference(ChoicePolicy other, Metric metric) => Interval.Of(
        [.. runs[ChoicePolicy.This].Zip(runs[other], (mine, its) => metric.Sign * metric.Scale * (metric.Of(mine) - metric.Of(its)))]);
}
