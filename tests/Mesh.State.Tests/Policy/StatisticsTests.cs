using Mesh.Benchmarks.Policy;

namespace Mesh.State.Tests.Policy;

public class StatisticsTests
{
    [Fact]
    public void An_interval_is_the_mean_and_Students_t_times_the_standard_error()
    {
        // Standard deviation 1, three samples: 4.303 / sqrt(3).
        var interval = Interval.Of([1, 2, 3]);
        Assert.Equal(2, interval.Mean, 12);
        Assert.Equal(2.4843, interval.HalfWidth, 4);
        Assert.Equal(-0.4843, interval.Low, 4);
        Assert.Equal(4.4843, interval.High, 4);
    }

    [Fact]
    public void One_sample_says_nothing_of_its_spread() =>
        Assert.Equal(new Interval(5, double.PositiveInfinity), Interval.Of([5]));

    [Theory]
    [InlineData(1, 12.706)]
    [InlineData(10, 2.228)]
    [InlineData(30, 2.042)]
    [InlineData(31, 2.0395)]
    [InlineData(40, 2.0211)]
    [InlineData(120, 1.9799)]
    public void Students_t_is_that_of_the_tables(int degreesOfFreedom, double expected) =>
        Assert.Equal(expected, Statistics.StudentT975(degreesOfFreedom), 3);

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.5, 50)]
    [InlineData(0.99, 99)]
    [InlineData(1, 100)]
    public void A_quantile_is_the_nearest_rank(double share, double expected) =>
        Assert.Equal(expected, Statistics.Quantile([.. Enumerable.Range(1, 100).Reverse().Select(x => (double)x)], share));

    [Fact]
    public void Jain_is_one_for_equal_shares_and_one_in_n_for_a_single_winner()
    {
        Assert.Equal(1, Statistics.Jain([(0.3, 1), (0.3, 5)]), 12);
        Assert.Equal(0.25, Statistics.Jain([(1, 1), (0, 1), (0, 1), (0, 1)]), 12);
        Assert.Equal(1, Statistics.Jain([(0, 1), (0, 1)]), 12);
    }

    [Fact]
    public void Jain_counts_a_vehicle_by_what_it_can_do() =>
        // As one of four equal ones that is used, for a weight of one in four.
        Assert.Equal(0.25, Statistics.Jain([(1, 2), (0, 6)]), 12);

    [Theory]
    [InlineData(1, true, 0)]
    [InlineData(0.25, true, 0.5625)]
    [InlineData(0.25, false, 0.0625)]
    public void Brier_is_the_squared_error(double forecast, bool happened, double expected) =>
        Assert.Equal(expected, Statistics.Brier(forecast, happened), 12);

    [Fact]
    public void Draws_have_the_moments_that_they_claim()
    {
        const int n = 100_000;
        var draws = Enumerable.Range(0, n).Select(i => Draw.Hash(7, (ulong)i)).ToList();
        Assert.Equal(0.5, draws.Average(Draw.Uniform), 2);
        Assert.Equal(0, draws.Average(Draw.Normal), 1);
        Assert.Equal(1, draws.Average(hash => Math.Pow(Draw.Normal(hash), 2)), 1);
        Assert.Equal(1, draws.Average(hash => Draw.LogNormal(hash, 0.3)), 1);
        Assert.All(draws, hash => Assert.InRange(Draw.Uniform(hash), 0, 0.9999999999999999));
    }
}
