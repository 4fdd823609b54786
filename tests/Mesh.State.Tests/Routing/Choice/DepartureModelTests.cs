using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.Choice;

namespace Mesh.State.Tests.Routing.Choice;

/// <summary>Sessions from rules that are known, so that the right chances are known too. All times are UTC.</summary>
public sealed class DepartureModelTests
{
    /// <summary>A Monday.</summary>
    private static readonly DateTimeOffset Start = new(2026, 3, 2, 0, 0, 0, TimeSpan.Zero);

    private static readonly VehicleId Stranger = new("stranger");
    private readonly DepartureModel _model = new();
    private readonly Random _random = new(1);

    [Fact]
    public void Cars_that_leave_at_random_leave_with_their_rate()
    {
        for (var i = 0; i < 4000; i++)
            Observe($"V-{i % 40}", Start.AddHours(_random.NextDouble() * 2000), -10 * Math.Log(1 - _random.NextDouble()));
        foreach (var (parked, hours) in new[] { (0.0, 1.0), (5, 2), (9, 0.25), (14, 4) })
            Assert.Equal(Math.Exp(-hours / 10), Stay(Stranger, Start.AddHours(900), parked, hours), 0.08);
        Assert.Equal(Math.Exp(-0.1), Stay(new VehicleId("V-7"), Start.AddHours(900), 3, 1), 0.08);
    }

    [Fact]
    public void Commuters_leave_in_the_morning_of_workdays()
    {
        for (var day = 0; day < 60; day++)
        {
            // Home at about 18, off at about 7.30; on Saturdays and Sundays off at 11.
            for (var car = 0; car < 20; car++)
            {
                var (home, off) = (Start.AddDays(day).AddHours(17.5 + _random.NextDouble()), Start.AddDays(day + 1));
                var weekend = off.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday;
                var left = off.AddHours((weekend ? 10.5 : 7) + _random.NextDouble());
                Observe($"V-{car}", home, (left - home).TotalHours);
            }
        }

        var tuesday = Start.AddDays(71);
        var sunday = Start.AddDays(69);
        Assert.InRange(StayAt(tuesday.AddHours(7), tuesday.AddHours(-6), 1), 0, 0.25);
        Assert.InRange(StayAt(tuesday.AddHours(1), tuesday.AddHours(-6), 4), 0.95, 1);
        Assert.InRange(StayAt(sunday.AddHours(7), sunday.AddHours(-6), 1), 0.8, 1);
        Assert.InRange(StayAt(sunday.AddHours(10.5), sunday.AddHours(-6), 1), 0, 0.45);
        // A horizon over several hours meets each with its own rate.
        Assert.Equal(
            StayAt(tuesday.AddHours(5), tuesday.AddHours(-6), 1) * StayAt(tuesday.AddHours(6), tuesday.AddHours(-6), 2),
            StayAt(tuesday.AddHours(5), tuesday.AddHours(-6), 3),
            1e-9);
    }

    [Fact]
    public void Who_is_charged_after_ten_hours_leaves_after_ten_hours()
    {
        for (var i = 0; i < 3000; i++)
            Observe($"V-{i % 50}", Start.AddHours(_random.NextDouble() * 1500), 10 + _random.NextDouble());
        Assert.InRange(Stay(Stranger, Start.AddHours(700), 1, 4), 0.95, 1);
        Assert.InRange(Stay(Stranger, Start.AddHours(700), 10, 1), 0, 0.6);
        Assert.True(Stay(Stranger, Start.AddHours(700), 10, 1) < Stay(Stranger, Start.AddHours(700), 8, 1) - 0.3);
    }

    [Fact]
    public void A_restless_vehicle_is_told_from_a_steady_one_and_both_from_an_unknown_one()
    {
        for (var i = 0; i < 400; i++)
        {
            Observe("restless", Start.AddHours(i * 20), -2 * Math.Log(1 - _random.NextDouble()));
            Observe("steady", Start.AddHours(i * 20), -16 * Math.Log(1 - _random.NextDouble()));
        }

        var (restless, steady) = (StayFor("restless"), StayFor("steady"));
        Assert.Equal(Math.Exp(-0.5), restless, 0.12);
        Assert.Equal(Math.Exp(-1 / 16.0), steady, 0.06);
        Assert.InRange(Stay(Stranger, Start.AddHours(900), 1, 1), restless, steady);

        double StayFor(string vehicle) =>
            Enumerable.Range(0, 168).Average(hour => Stay(new VehicleId(vehicle), Start.AddHours(900 + hour), 1, 1));
    }

    /// <summary>Against a constant hazard with the same mean, over cars of three habits that the model must tell apart.</summary>
    [Fact]
    public void It_predicts_better_than_a_constant_hazard()
    {
        for (var day = 0; day < 90; day++)
            Observe(day);
        var (model, constant, count) = (0.0, 0.0, 0);
        for (var day = 90; day < 104; day++)
        {
            foreach (var (vehicle, parked, hours) in SessionsOf(day))
            {
                for (var at = 0.0; at < hours; at += 0.5)
                {
                    var stayed = hours - at > 1 ? 1 : 0;
                    model += Math.Pow(Stay(new VehicleId(vehicle), parked.AddHours(at), at, 1) - stayed, 2);
                    constant += Math.Pow(Math.Exp(-1 / 9.0) - stayed, 2);
                    count++;
                }
            }
        }

        Assert.True(model < 0.75 * constant, $"Brier score {model / count:0.0000}, of a constant hazard {constant / count:0.0000}");

        void Observe(int day)
        {
            foreach (var (vehicle, parked, hours) in SessionsOf(day))
                this.Observe(vehicle, parked, hours);
        }

        IEnumerable<(string Vehicle, DateTimeOffset Parked, double Hours)> SessionsOf(int day)
        {
            for (var car = 0; car < 10; car++)
            {
                yield return ($"night-{car}", Start.AddDays(day).AddHours(18 + _random.NextDouble()), 12.5 + _random.NextDouble());
                yield return ($"lunch-{car}", Start.AddDays(day).AddHours(8 + _random.NextDouble()), 3.5 + _random.NextDouble());
                yield return ($"any-{car}", Start.AddDays(day).AddHours(_random.NextDouble() * 24), -6 * Math.Log(1 - _random.NextDouble()));
            }
        }
    }

    [Fact]
    public void What_is_restored_predicts_the_same()
    {
        for (var i = 0; i < 500; i++)
            Observe($"V-{i % 7}", Start.AddHours(_random.NextDouble() * 500), 1 + 15 * _random.NextDouble());
        var restored = new DepartureModel();
        restored.Learned(_model.ToFleetDepartures());
        for (var car = 0; car < 7; car++)
            restored.Learned(Record($"V-{car}"));
        for (var hour = 0; hour < 168; hour++)
        {
            var (vehicle, now) = (new VehicleId($"V-{hour % 8}"), Start.AddHours(600 + hour));
            Assert.Equal(
                _model.Stay(vehicle, now.AddHours(-3), now, TimeSpan.FromHours(2)),
                restored.Stay(vehicle, now.AddHours(-3), now, TimeSpan.FromHours(2)),
                1e-9);
        }
    }

    [Fact]
    public void Numbers_of_another_form_or_none_at_all_change_nothing()
    {
        Observe("V-1", Start, 5);
        var before = Stay(new VehicleId("V-1"), Start, 1, 1);
        _model.Learned(new FleetDepartures([1, 2], [3]));
        _model.Learned(Record("V-1") with { Departures = [float.NaN] });
        Assert.Equal(before, Stay(new VehicleId("V-1"), Start, 1, 1));
        _model.Learned(Record("V-1") with { Departures = [.. Enumerable.Repeat(float.NaN, 16), .. Enumerable.Repeat(-1f, 16)] });
        Assert.InRange(Stay(new VehicleId("V-1"), Start, 1, 1), 0, 1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public void Times_that_make_no_session_are_ignored(double hours)
    {
        Observe("V-1", Start, hours);
        Assert.Equal((0, 0), (_model.Vehicles, _model.Version));
    }

    [Fact]
    public void A_chance_is_a_chance_whatever_is_asked()
    {
        Observe("V-1", Start, 2000);
        foreach (var (parked, hours) in new[] { (0.0, 0.0), (-4, 1), (5000, 1), (1, 1e6), (1, -3) })
            Assert.InRange(Stay(new VehicleId("V-1"), Start.AddHours(10_000), parked, hours), 0, 1);
        Assert.Equal(1, Stay(new VehicleId("V-1"), Start, 1, 0));
    }

    [Fact]
    public void It_remembers_no_more_vehicles_than_it_may_and_forgets_those_seen_longest_ago()
    {
        var model = new DepartureModel(maxVehicles: 20);
        for (var i = 0; i < 100; i++)
            model.Observed(new VehicleId($"V-{i}"), Start.AddHours(i), Start.AddHours(i + 5));
        Assert.InRange(model.Vehicles, 15, 20);
        Assert.NotNull(model.Find(new VehicleId("V-99")));
        Assert.Null(model.Find(new VehicleId("V-0")));
    }

    [Fact]
    public void Asking_allocates_nothing()
    {
        for (var i = 0; i < 100; i++)
            Observe("V-1", Start.AddHours(i * 20), 10);
        var vehicle = new VehicleId("V-1");
        Stay(vehicle, Start, 1, 30);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            Stay(vehicle, Start.AddHours(i), 1, 30);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void An_announced_departure_overrides_what_was_learned()
    {
        var router = new RouterDriver();
        var stream = router.Open("V-1", load: RouterDriver.Load() with { LeavesIn = TimeSpan.FromMinutes(10) });
        router.Now += TimeSpan.FromMinutes(4);
        Assert.Equal((1, 0), (Math.Round(Chance(5)), Chance(6)));
        router.Run(new LoadChanged(stream, RouterDriver.Load()));
        Assert.InRange(Chance(6), 0.9, 1);

        double Chance(double minutes) => router.State.Fleet.Stay(router.State.Find(stream)!, router.Now, TimeSpan.FromMinutes(minutes));
    }

    private VehicleRecord Record(string vehicle) => new(
        new VehicleId(vehicle), default, default, Start, Start, 0, 0, 0, 0, 0, 0, Departures: _model.FactorsOf(new VehicleId(vehicle)));

    private void Observe(string vehicle, DateTimeOffset parkedAt, double hours) =>
        _model.Observed(new VehicleId(vehicle), parkedAt, parkedAt.AddHours(hours));

    private double Stay(VehicleId vehicle, DateTimeOffset now, double parkedHours, double hours) =>
        _model.Stay(vehicle, now.AddHours(-parkedHours), now, TimeSpan.FromHours(hours));

    private double StayAt(DateTimeOffset now, DateTimeOffset parkedAt, double hours) =>
        _model.Stay(new VehicleId("V-3"), parkedAt, now, TimeSpan.FromHours(hours));
}
