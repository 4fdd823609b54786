using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.History;

namespace Mesh.State.Tests.Operations;

/// <summary>The figures of the last seconds, and what is kept of departures.</summary>
public sealed class RecentAnswersTests
{
    private readonly RecentAnswers _recent = new();

    [Fact]
    public void Quantiles_and_rates_are_those_of_the_last_ten_full_seconds()
    {
        for (var second = 0; second < 30; second++)
        {
            for (var i = 1; i <= 100; i++)
                _recent.Ended(RequestOutcome.Ok, false, TimeSpan.FromMilliseconds(second < 15 ? 500 : i), Second(second + i / 200.0));
        }

        var figures = _recent.At(Second(30.5));
        Assert.Equal((3000, 1000, 10), (figures.Totals.Answered, figures.Recent.Answered, figures.Span.TotalSeconds));
        Assert.InRange(figures.P50!.Value.TotalMilliseconds, 50 * 0.95, 50 * 1.05);
        Assert.InRange(figures.P99!.Value.TotalMilliseconds, 99 * 0.95, 99 * 1.05);
    }

    [Fact]
    public void When_nothing_happens_the_recent_figures_go_to_nothing_and_the_totals_stay()
    {
        _recent.Ended(RequestOutcome.Ok, false, TimeSpan.FromMilliseconds(5), Second(1));
        _recent.Ended(RequestOutcome.Overloaded, true, TimeSpan.Zero, Second(1));
        _recent.Ended(RequestOutcome.DeadlineExceeded, false, TimeSpan.Zero, Second(1));
        _recent.Attempted(hedge: true, retry: false, Second(1));
        _recent.Attempted(hedge: false, retry: true, Second(1));
        _recent.Spent(7, Second(1));
        var figures = _recent.At(Second(12));
        Assert.Equal(new RequestCounts { Answered = 1, Refused = 1, Failed = 1, Hedges = 1, Retries = 1, EnergyUj = 7 }, figures.Totals);
        Assert.Equal((default(RequestCounts), null), (figures.Recent, figures.P50));
    }

    [Fact]
    public void Shortly_after_the_first_request_the_rate_is_not_thinned_by_seconds_before_it()
    {
        for (var i = 0; i < 40; i++)
            _recent.Ended(RequestOutcome.Ok, false, TimeSpan.FromMilliseconds(5), Second(100 + i / 20.0));
        var figures = _recent.At(Second(102));
        Assert.Equal(20, figures.Recent.Answered / figures.Span.TotalSeconds);
    }

    [Fact]
    public void Of_each_vehicle_the_last_departures_are_kept_and_of_many_vehicles_the_last()
    {
        var book = new DepartureBook(maxVehicles: 3);
        for (var i = 0; i < 6; i++)
            book.Add(Left("V-1", i));
        Assert.Equal([5, 4, 3, 2], book.Of(new VehicleId("V-1")).Select(departure => (int)departure.Epoch.Value));
        foreach (var other in new[] { "V-2", "V-3", "V-4" })
            book.Add(Left(other, 1));
        Assert.Empty(book.Of(new VehicleId("V-1")));
        Assert.Single(book.Of(new VehicleId("V-2")));
    }

    [Theory]
    [InlineData(-1, 17)]
    [InlineData(1060, 0)]
    public void A_requests_name_says_its_seeds_life_and_its_number(int seed, ulong number)
    {
        var name = new RequestName(seed, new RequestId(number));
        Assert.True(RequestName.TryParse(name.ToString(), out var read));
        Assert.Equal(name, read);
        Assert.Equal("0000002a-7", new RequestName(42, new RequestId(7)).ToString());
        Assert.All(["", "17", "V-1", "0000002a-", "0000002a-x", "zzzzzzzz-1"], text => Assert.False(RequestName.TryParse(text, out _)));
    }

    private static Departure Left(string vehicle, int epoch) =>
        new(new VehicleId(vehicle), new SessionEpoch((ulong)epoch), DepartureKind.Planned, default, "", default, Farewell.None);

    private static TimeSpan Second(double at) => TimeSpan.FromSeconds(at);
}
