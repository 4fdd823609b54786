using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mesh.Messages;
using Mesh.Seed.Routing.Hedging;

namespace Mesh.State.Tests.Routing.Hedging;

public sealed class EstimatorTests
{
    private static readonly ArtifactHash Model = new(new string('a', 64));

    /// <summary>Held against the sorted samples: within a bucket of the true percentile.</summary>
    [Property(MaxTest = 200)]
    public Property The_percentile_is_that_of_the_samples_to_9_percent() => Prop.ForAll(
        Gen.Choose(100, 10_000_000).ArrayOf(400).ToArbitrary(),
        samples =>
        {
            var quantile = new DecayingQuantile();
            foreach (var microseconds in samples)
                quantile.Add(TimeSpan.FromMicroseconds(microseconds));
            Array.Sort(samples);
            var (low, high) = (samples[(int)(samples.Length * 0.945)], samples[(int)(samples.Length * 0.955)]);
            return quantile.Value!.Value.TotalMicroseconds >= low * 0.999 && quantile.Value.Value.TotalMicroseconds <= high * 1.092;
        });

    [Fact]
    public void It_forgets()
    {
        var quantile = new DecayingQuantile();
        for (var i = 0; i < 5000; i++)
            quantile.Add(TimeSpan.FromSeconds(1));
        for (var i = 0; i < 3000; i++)
            quantile.Add(TimeSpan.FromMilliseconds(10));
        Assert.InRange(quantile.Value!.Value, TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(11));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    [InlineData(1e12)]
    public void Any_duration_has_a_bucket(double milliseconds)
    {
        var quantile = new DecayingQuantile();
        for (var i = 0; i < DecayingQuantile.MinSamples; i++)
        {
            Assert.Null(quantile.Value);
            quantile.Add(TimeSpan.FromMilliseconds(milliseconds));
        }

        Assert.NotNull(quantile.Value);
    }

    [Fact]
    public void Many_models_are_not_remembered_without_end()
    {
        var times = new AnswerTimes();
        foreach (var hash in Enumerable.Range(0, 300).Select(i => new ArtifactHash(i.ToString("x64", System.Globalization.CultureInfo.InvariantCulture))).Prepend(Model))
        {
            for (var i = 0; i < DecayingQuantile.MinSamples; i++)
                times.Answered(hash, TimeSpan.FromSeconds(1));
            Assert.NotNull(times.P95(hash));
        }

        Assert.Null(times.P95(Model));
    }

    [Property(MaxTest = 200)]
    public Property The_budget_holds_at_any_time() => Prop.ForAll(
        Gen.Choose(0, 3).ArrayOf(500).ToArbitrary(),
        steps =>
        {
            var budget = new HedgeBudget(0.05, 3);
            var (first, hedges) = (0, 0);
            foreach (var step in steps)
            {
                if (step > 0)
                {
                    budget.FirstAttempt();
                    first++;
                }
                else if (budget.Allows)
                {
                    budget.Hedged();
                    hedges++;
                }

                Assert.True(hedges <= (0.05 * first) + 3);
            }
        });
}
