using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing;

namespace Mesh.State.Tests.Routing;

public sealed class FleetTalliesTests
{
    private static readonly NodeAddress Seed = new("akka.tcp://mesh@seed:4053", 1);
    private static readonly DateTimeOffset At = DateTimeOffset.UnixEpoch;
    private readonly FleetTallies _tallies = new(Seed);

    [Fact]
    public void A_report_is_told_again_unchanged_until_it_is_acknowledged()
    {
        _tallies.Began(Vehicle("V-1"), At);
        _tallies.Ended(Vehicle("V-1"), AttemptEnd.Answered);
        var first = _tallies.NextReport(At);
        _tallies.Ended(Vehicle("V-1"), AttemptEnd.Answered);
        Assert.Same(first, _tallies.NextReport(At.AddHours(1)));
        _tallies.Acknowledged(first.Sequence + 1);
        _tallies.Acknowledged(first.Sequence - 1);
        Assert.Same(first, _tallies.NextReport(At));

        _tallies.Acknowledged(first.Sequence);
        var second = _tallies.NextReport(At);
        Assert.Equal(first.Sequence + 1, second.Sequence);
        Assert.Equal([Tally("V-1", answered: 1) with { ParkedAt = At }], first.Tallies);
        Assert.Equal([Tally("V-1", answered: 1)], second.Tallies);
    }

    [Fact]
    public void Each_session_has_its_own_counts()
    {
        _tallies.Ended(Vehicle("V-1", epoch: 1), AttemptEnd.Lost);
        _tallies.Departed(Vehicle("V-1", epoch: 1), DepartureKind.Superseded, At, At.AddHours(3));
        _tallies.Began(Vehicle("V-1", epoch: 2), At);
        _tallies.Ended(Vehicle("V-1", epoch: 2), AttemptEnd.Failed);
        _tallies.Ended(Vehicle("V-2"), AttemptEnd.Answered);
        Assert.Equal(
            [
                Tally("V-1", 1, lost: 1, ended: DepartureKind.Superseded) with { ParkedAt = At, LeftAt = At.AddHours(3) },
                Tally("V-1", 2, failed: 1) with { ParkedAt = At },
                Tally("V-2", answered: 1),
            ],
            _tallies.NextReport(At).Tallies);
    }

    [Fact]
    public void What_a_vehicle_hands_back_counts_nowhere_but_it_was_there()
    {
        _tallies.Ended(Vehicle("V-1"), AttemptEnd.Returned);
        Assert.Equal([Tally("V-1")], _tallies.NextReport(At).Tallies);
    }

    /// <summary>With answers and tellings lost at random, what the JobRouter counted is in the end what happened.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Nothing_is_lost_or_counted_twice_whatever_messages_are_lost(int seed)
    {
        var random = new Random(seed);
        var router = new RouterState(new RouterSettings(), default);
        var answered = 0;
        for (var i = 0; i < 500; i++)
        {
            if (random.Next(2) == 0)
            {
                _tallies.Ended(Vehicle("V-1"), AttemptEnd.Answered);
                answered++;
            }

            Tell(reportArrives: random.Next(3) > 0, answerArrives: random.Next(3) > 0);
        }

        Tell(true, true);
        Tell(true, true);
        var record = router.Records[new VehicleId("V-1")];
        Assert.Equal((answered, 1), (record.Answered, record.Sessions));

        void Tell(bool reportArrives, bool answerArrives)
        {
            var report = _tallies.NextReport(At);
            if (!reportArrives)
                return;
            if (router.DecideReport(report) is { } reported)
                router.Apply(reported);
            if (answerArrives)
                _tallies.Acknowledged(report.Sequence);
        }
    }

    private static SessionTally Tally(
        string vehicle, ulong epoch = 1, long answered = 0, long failed = 0, long lost = 0, DepartureKind? ended = null) =>
        new(new VehicleId(vehicle), new SessionEpoch(epoch), answered, failed, lost, ended);

    private static RoutedVehicle Vehicle(string id, ulong epoch = 1) => new(new StreamOpened(
        new StreamId(1), new VehicleId(id), new SessionEpoch(epoch), RouterDriver.Member(id), default, RouterDriver.Load()), null);
}
