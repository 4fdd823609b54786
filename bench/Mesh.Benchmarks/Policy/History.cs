using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing;

namespace Mesh.Benchmarks.Policy;

/// <summary>What a region's JobRouter has learned of the sessions before a moment, from the events that it journals.</summary>
internal static class History
{
    private static readonly NodeAddress Reporter = new("akka.tcp://mesh@seed:4053", 1);

    /// <summary>As the JobRouter tells it to a Dispatcher.</summary>
    public static RecordsLearned Until(ChargingTrace trace, DateTimeOffset before)
    {
        var router = new RouterState(new RouterSettings(), City.Oslo.Place);
        var (epochs, sequence) = (new Dictionary<VehicleId, ulong>(), 0L);
        foreach (var session in trace.Sessions.Where(session => session.PluggedOut <= before).OrderBy(session => session.PluggedOut))
            Report(session, over: true);
        foreach (var session in trace.Between(before.AddTicks(-1), before).Where(session => session.PluggedOut > before))
            Report(session, over: false);
        var learned = router.ToSnapshot();
        return new RecordsLearned(learned.Vehicles) { Departures = learned.Departures };

        void Report(ChargingSession session, bool over)
        {
            var epoch = epochs[session.Vehicle] = epochs.GetValueOrDefault(session.Vehicle) + 1;
            var at = over ? session.PluggedOut : before;
            var tally = new SessionTally(
                session.Vehicle, new SessionEpoch(epoch), 0, 0, 0, over ? DepartureKind.Vanished : null, session.PluggedIn, over ? at : null);
            router.Apply(new FleetReported(Reporter, ++sequence, at, [tally]));
        }
    }
}
