using Mesh.Benchmarks.FleetLife;
using Mesh.Benchmarks.Policy;

namespace Mesh.State.Tests.FleetLife;

public sealed class FleetScheduleTests
{
    private static readonly TimeSpan Length = TimeSpan.FromMinutes(6);

    private static readonly IReadOnlyList<FleetStay> Stays = FleetSchedule.Create(Trace(), cars: 20, Length, speed: 600, seed: 1);

    [Fact]
    public void The_same_sessions_and_seed_give_the_same_stays_and_another_seed_other_departures()
    {
        Assert.Equal(Stays, FleetSchedule.Create(Trace(), 20, Length, 600, seed: 1));
        var other = FleetSchedule.Create(Trace(), 20, Length, 600, seed: 2);
        Assert.Equal(Stays.Select(stay => (stay.Car, stay.Arrives, stay.Leaves)), other.Select(stay => (stay.Car, stay.Arrives, stay.Leaves)));
        Assert.NotEqual(Stays.Select(stay => stay.Style), other.Select(stay => stay.Style));
    }

    [Fact]
    public void A_car_stays_long_enough_to_join_and_is_away_long_enough_to_have_left()
    {
        foreach (var car in Stays.GroupBy(stay => stay.Car))
        {
            var stays = car.OrderBy(stay => stay.Arrives).ToList();
            Assert.All(stays, stay => Assert.True(stay.Leaves - (stay.Arrives > TimeSpan.Zero ? stay.Arrives : TimeSpan.Zero) >= FleetSchedule.LeastStay));
            Assert.All(stays.Zip(stays.Skip(1)), pair => Assert.True(pair.Item2.Arrives - pair.Item1.Leaves >= FleetSchedule.LeastAbsence));
        }
    }

    [Fact]
    public void All_cars_come_and_go_every_two_seconds_or_so_and_in_every_way()
    {
        Assert.Equal(20, Stays.Select(stay => stay.Car).Distinct().Count());
        var moments = Stays.SelectMany(stay => new[] { stay.Arrives, stay.Leaves }).Count(at => at > TimeSpan.Zero && at < Length);
        Assert.InRange(Length.TotalSeconds / moments, 1.5, 3);
        var departures = Stays.Where(stay => stay.Leaves < Length).ToList();
        Assert.All(Enum.GetValues<DepartureStyle>(), style => Assert.InRange(departures.Count(stay => stay.Style == style), departures.Count / 10, departures.Count / 2));
    }

    [Fact]
    public void A_window_without_enough_users_is_an_error()
    {
        var error = Assert.Throws<InvalidDataException>(() => FleetSchedule.Create(Trace(), 5000, Length, 600, 1));
        Assert.Contains("5000 users", error.Message, StringComparison.Ordinal);
    }

    private static ChargingTrace Trace() => ChargingTrace.Read(ChargingTrace.DefaultFile);
}
