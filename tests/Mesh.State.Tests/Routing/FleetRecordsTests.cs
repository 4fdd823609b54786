using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing;
using Mesh.State.Tests.Messages;

namespace Mesh.State.Tests.Routing;

/// <summary>What the JobRouter keeps about vehicles for good.</summary>
public sealed class FleetRecordsTests
{
    private static readonly NodeAddress SeedA = new("akka.tcp://mesh@a:4053", 1);
    private static readonly NodeAddress SeedB = new("akka.tcp://mesh@b:4053", 1);
    private static readonly DateTimeOffset At = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly RouterState _router = new(new RouterSettings { MaxRecords = 20 }, default);

    [Fact]
    public void Each_office_has_the_next_term()
    {
        var first = At.ToUnixTimeMilliseconds();
        for (var term = first; term < first + 3; term++)
        {
            Assert.Equal(new TermStarted(term, At), _router.DecideTerm(At));
            _router.Apply(new TermStarted(term, At));
            Assert.Equal(term, _router.Term);
        }

        Assert.Equal((ulong)first - 1, _router.Batches.LastUnit);
    }

    [Fact]
    public void A_new_journals_terms_and_units_are_above_those_of_one_that_was_wiped()
    {
        for (var office = 0; office < 50; office++)
            _router.Apply(_router.DecideTerm(At));
        var renewed = new RouterState(new RouterSettings(), default);
        renewed.Apply(renewed.DecideTerm(At + TimeSpan.FromSeconds(1)));
        Assert.InRange(renewed.Term, _router.Term + 1, long.MaxValue);
        Assert.InRange(renewed.Batches.LastUnit, _router.Batches.LastUnit + 1, ulong.MaxValue);
    }

    [Fact]
    public void A_journal_whose_terms_and_units_began_with_one_goes_on_as_it_was()
    {
        _router.Apply(new TermStarted(1, At));
        Assert.Equal(0UL, _router.Batches.LastUnit);
        Assert.Equal(new TermStarted(2, At), _router.DecideTerm(At));
    }

    [Fact]
    public void A_report_told_twice_counts_once_and_an_older_one_not_at_all()
    {
        Assert.True(Take(Report(SeedA, 2, Tally("V-1", answered: 5))));
        Assert.False(Take(Report(SeedA, 2, Tally("V-1", answered: 5))));
        Assert.False(Take(Report(SeedA, 1, Tally("V-1", answered: 5))));
        Assert.True(Take(Report(SeedB, 1, Tally("V-1", answered: 2))));
        Assert.True(Take(Report(SeedA with { Uid = 2 }, 1, Tally("V-1", answered: 1))));
        Assert.Equal(8, Record("V-1").Answered);
    }

    [Fact]
    public void An_empty_report_is_not_worth_an_event() => Assert.Null(_router.DecideReport(Report(SeedA, 1)));

    [Fact]
    public void A_session_reported_by_several_seeds_counts_once_and_so_does_its_end()
    {
        Take(Report(SeedA, 1, Tally("V-1", 7, answered: 3, lost: 1, ended: DepartureKind.Vanished)));
        Take(Report(SeedB, 1, Tally("V-1", 7, answered: 2, failed: 1, ended: DepartureKind.Vanished)));
        Assert.Equal((1, 0, 1), (Record("V-1").Sessions, Record("V-1").PlannedDepartures, Record("V-1").VanishedDepartures));
        Assert.Equal((5, 1, 1), (Record("V-1").Answered, Record("V-1").Failed, Record("V-1").Lost));
    }

    [Fact]
    public void Departures_are_told_apart()
    {
        Take(Report(SeedA, 1, Tally("V-1", 1, ended: DepartureKind.Planned)));
        Take(Report(SeedA, 2, Tally("V-1", 2, ended: DepartureKind.Vanished)));
        Take(Report(SeedA, 3, Tally("V-1", 3, ended: DepartureKind.Superseded)));
        Take(Report(SeedA, 4, Tally("V-1", 4)));
        Assert.Equal((4, 1, 2), (Record("V-1").Sessions, Record("V-1").PlannedDepartures, Record("V-1").VanishedDepartures));
        Assert.Equal((4UL, 3UL), (Record("V-1").LastEpoch.Value, Record("V-1").LastEnded.Value));
    }

    [Fact]
    public void Late_news_of_an_older_session_add_their_counts_but_no_session()
    {
        Take(Report(SeedA, 1, Tally("V-1", 9)));
        Take(Report(SeedB, 1, Tally("V-1", 8, answered: 4)));
        Assert.Equal((1, 4, 9UL), (Record("V-1").Sessions, Record("V-1").Answered, Record("V-1").LastEpoch.Value));
    }

    [Fact]
    public void First_and_last_sight_are_kept_whatever_order_reports_come_in()
    {
        Take(Report(SeedA, 1, Tally("V-1")) with { At = At });
        Take(Report(SeedB, 1, Tally("V-1")) with { At = At.AddMinutes(-5) });
        Take(Report(SeedA, 2, Tally("V-1")) with { At = At.AddMinutes(5) });
        Assert.Equal((At, At.AddMinutes(5)), (Record("V-1").FirstSeen, Record("V-1").LastSeen));
    }

    [Fact]
    public void A_full_book_forgets_those_not_seen_for_longest()
    {
        for (var i = 1; i <= 21; i++)
            Take(Report(SeedA, i, Tally($"V-{i}")) with { At = At.AddMinutes(i == 1 ? 100 : i) });
        Assert.Equal(18, _router.Records.Count);
        Assert.Contains(new VehicleId("V-1"), _router.Records);
        Assert.Contains(new VehicleId("V-21"), _router.Records);
        Assert.DoesNotContain(new VehicleId("V-2"), _router.Records);
    }

    /// <summary>A network or a seed that fails ends sessions too; the car has left when it was parked anew.</summary>
    [Fact]
    public void A_stay_is_learned_once_the_next_one_has_begun()
    {
        var parked = At.AddHours(-9);
        Take(Report(SeedA, 1, Tally("V-1", 1) with { ParkedAt = parked }));
        Take(Report(SeedA, 2, Tally("V-1", 1, ended: DepartureKind.Vanished) with { ParkedAt = parked, LeftAt = At }));
        // Back at once, and parked since the same time as before: nothing was learned.
        Take(Report(SeedA, 3, Tally("V-1", 2) with { ParkedAt = parked.AddSeconds(1) }));
        Take(Report(SeedA, 4, Tally("V-1", 2, ended: DepartureKind.Planned) with { ParkedAt = parked.AddSeconds(1), LeftAt = At.AddHours(1) }));
        Take(Report(SeedB, 1, Tally("V-1", 2, ended: DepartureKind.Planned) with { ParkedAt = parked, LeftAt = At.AddHours(1.1) }));
        Assert.Equal(0, _router.Fleet.Departures.Version);
        Assert.Empty(Record("V-1").Departures!);

        Take(Report(SeedA, 5, Tally("V-1", 3) with { ParkedAt = At.AddHours(4) }));
        Assert.Equal(1, _router.Fleet.Departures.Version);
        Assert.Equal((At.AddHours(4), null), (Record("V-1").ParkedAt, Record("V-1").LeftAt));
        var table = _router.ToSnapshot().Departures!;
        Assert.Equal((1, 10), (table.Departures.Sum(), Math.Round(table.Hours.Sum(), 2)));
        Assert.Equal(1, Record("V-1").Departures!.Take(16).Sum());
    }

    [Fact]
    public void A_dispatcher_that_learned_the_records_and_the_fleets_departures_predicts_as_the_job_router()
    {
        for (var i = 1; i <= 40; i++)
        {
            var parked = At.AddHours(i * 10);
            Take(Report(SeedA, i, Tally("V-1", (ulong)i, ended: DepartureKind.Planned) with { ParkedAt = parked, LeftAt = parked.AddHours(i % 7 + 1) }));
        }

        var dispatcher = new RouterState(new RouterSettings(), default);
        dispatcher.Apply(new RecordsLearned([.. _router.Records.Values]) { Departures = _router.Fleet.Departures.ToFleetDepartures() });
        for (var hour = 0; hour < 168; hour++)
        {
            var now = At.AddHours(1000 + hour);
            Assert.Equal(Stay(_router, now), Stay(dispatcher, now), 1e-6);
            Assert.NotEqual(Stay(new RouterState(new RouterSettings(), default), now), Stay(dispatcher, now));
        }

        static double Stay(RouterState state, DateTimeOffset now) =>
            state.Fleet.Departures.Stay(new VehicleId("V-1"), now.AddHours(-2), now, TimeSpan.FromHours(3));
    }

    /// <summary>Whatever was journaled, a snapshot restored into a fresh state goes on as the state that made it.</summary>
    [Fact]
    public void A_restored_snapshot_is_the_state()
    {
        for (var seed = 1; seed <= 100; seed++)
        {
            var random = new Random(seed);
            var (original, restored) = (new RouterState(new RouterSettings(), default), new RouterState(new RouterSettings(), default));
            for (var i = 0; i < 30; i++)
                original.Apply(AnyEvent(random));
            restored.Restore(original.ToSnapshot());
            AssertSame(original, restored);
            for (var i = 0; i < 10; i++)
            {
                var next = AnyEvent(random);
                original.Apply(next);
                restored.Apply(next);
            }

            AssertSame(original, restored);
            var again = Report(SeedA, random.Next(40), Tally("V-1"));
            Assert.Equal(original.DecideReport(again) is null, restored.DecideReport(again) is null);
        }
    }

    /// <summary>Skipping an event would silently lose what an operator relies on.</summary>
    [Fact]
    public void An_unknown_event_throws() => Assert.Throws<ArgumentOutOfRangeException>(() => _router.Apply(new FutureEvent()));

    private static void AssertSame(RouterState expected, RouterState actual) =>
        Assert.Equal(MessageBuilder.Describe(expected.ToSnapshot()), MessageBuilder.Describe(actual.ToSnapshot()));

    private static IRouterEvent AnyEvent(Random random) => random.Next(10) == 0
        ? new TermStarted(random.Next(100), At)
        : new FleetReported(
            random.Next(2) == 0 ? SeedA : SeedB,
            random.Next(40),
            At.AddMinutes(random.Next(100)),
            [AnyTally(random)]);

    private static SessionTally AnyTally(Random random)
    {
        var tally = AnyCounts(random);
        var parked = At.AddHours(random.Next(200));
        return random.Next(4) == 0 ? tally : tally with { ParkedAt = parked, LeftAt = tally.Ended is null ? null : parked.AddHours(random.Next(20)) };
    }

    private static SessionTally AnyCounts(Random random) => Tally(
        $"V-{random.Next(5)}",
        (ulong)random.Next(1, 5),
        random.Next(9),
        random.Next(9),
        random.Next(9),
        random.Next(3) == 0 ? DepartureKind.Vanished : null);

    private static FleetReport Report(NodeAddress seed, long sequence, params SessionTally[] tallies) => new(seed, sequence, At, tallies);

    private static SessionTally Tally(
        string vehicle, ulong epoch = 1, long answered = 0, long failed = 0, long lost = 0, DepartureKind? ended = null) =>
        new(new VehicleId(vehicle), new SessionEpoch(epoch), answered, failed, lost, ended);

    private VehicleRecord Record(string vehicle) => _router.Records[new VehicleId(vehicle)];

    private bool Take(FleetReport report)
    {
        var reported = _router.DecideReport(report);
        if (reported is not null)
            _router.Apply(reported);
        return reported is not null;
    }

    private sealed record FutureEvent : IRouterEvent;
}
