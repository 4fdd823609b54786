using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mesh.Hosting.Downing;
using Mesh.Messages;

namespace Mesh.State.Tests.Hosting;

/// <summary>What must hold whatever happens in a region, over random histories of half-second steps.</summary>
public sealed class DowningProperties
{
    private const int Steps = 80;

    /// <summary>The reason why Akka's own resolver was replaced: churn of cars must not delay or cause a seed's verdict.</summary>
    [Property(MaxTest = 100)]
    public Property What_vehicles_do_never_changes_a_verdict_about_seeds() =>
        Prop.ForAll(Gen.Choose(1, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var (quiet, busy) = (SeedVerdicts(seed, withVehicles: false), SeedVerdicts(seed, withVehicles: true));
            Assert.Equal(quiet, busy);
        });

    /// <summary>The other half: without it the property above would hold for rules that never decide anything.</summary>
    [Fact]
    public void The_histories_contain_verdicts_of_every_kind()
    {
        var all = Enumerable.Range(1, 100).SelectMany(seed => SeedVerdicts(seed, withVehicles: true)).ToList();
        Assert.Contains(all, verdict => verdict.Contains("no majority", StringComparison.Ordinal));
        Assert.Contains(all, verdict => verdict.Contains("unheard of", StringComparison.Ordinal));
    }

    [Property(MaxTest = 100)]
    public Property Nobody_heard_of_within_the_limit_is_downed() =>
        Prop.ForAll(Gen.Choose(1, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var region = new DowningRegion(seeds: 3);
            var vehicles = Enumerable.Range(1, 6).Select(i => DowningRegion.Vehicle(i, 1)).ToArray();
            var heard = vehicles.ToDictionary(v => v.Node, _ => 0.0);
            region.Join(0, vehicles);
            region.HearStreams(0, "S1", vehicles);
            for (var step = 1; step <= Steps; step++)
            {
                var at = step / 2.0;
                foreach (var vehicle in vehicles.Where(_ => random.Next(6) == 0))
                {
                    region.HearStreams(at, $"S{random.Next(3)}", vehicle);
                    heard[vehicle.Node] = at;
                }

                var expected = heard.Where(h => at - h.Value >= 3).Select(h => h.Key).ToHashSet();
                Assert.Equal(expected, region.Until(at, ["S0", "S1", "S2"]).Down.Select(d => d.Node).ToHashSet());
            }
        });

    private static List<string> SeedVerdicts(int seed, bool withVehicles)
    {
        // Two sources, so that the vehicles' choices do not shift those of the seeds.
        var (seedsRandom, carsRandom) = (new Random(seed), new Random(~seed));
        var seeds = 1 + 2 * seedsRandom.Next(3);
        var region = new DowningRegion(seeds, self: $"S{seedsRandom.Next(seeds)}");
        var seedNodes = Enumerable.Range(0, seeds).Select(i => DowningRegion.Seed($"S{i}")).ToHashSet();
        var alive = Enumerable.Range(0, seeds).Select(i => $"S{i}").ToHashSet();
        var cars = new List<ClusterMember>();
        var epoch = 0UL;
        List<string> verdicts = [];
        for (var step = 1; step <= Steps; step++)
        {
            var at = step / 2.0;
            if (seedsRandom.Next(8) == 0)
                Toggle(alive, $"S{seedsRandom.Next(seeds)}");
            if (withVehicles)
                Churn(region, cars, carsRandom, at, alive, ref epoch);
            var verdict = region.Until(at, [.. alive]);
            if (verdict.DownSelf is { } why)
                verdicts.Add($"{at}: self, {why}");
            verdicts.AddRange(verdict.Down.Where(down => seedNodes.Contains(down.Node)).Select(down => $"{at}: {down.Node}, {down.Reason}"));
        }

        return verdicts;
    }

    private static void Churn(DowningRegion region, List<ClusterMember> cars, Random random, double at, HashSet<string> alive, ref ulong epoch)
    {
        if (random.Next(2) == 0)
        {
            cars.Add(DowningRegion.Vehicle(random.Next(5), ++epoch));
            region.Join(at, cars[^1]);
        }

        if (cars.Count > 0 && random.Next(2) == 0)
        {
            region.Leave(at, cars[0]);
            cars.RemoveAt(0);
        }

        foreach (var reporter in alive)
            region.HearStreams(at, reporter, [.. cars.Where(_ => random.Next(2) == 0)]);
    }

    private static void Toggle(HashSet<string> set, string item)
    {
        if (!set.Remove(item))
            set.Add(item);
    }
}
