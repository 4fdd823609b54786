using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing;

namespace Mesh.Benchmarks.Policy;

/// <summary>What a region's JobRouter has on record of the sessions before a moment, from the events that it journals.</summary>
internal static class History
{
    private static readonly NodeAddress Reporter = new("akka.tcp://mesh@seed:4053", 1);

    public static IReadOnlyList<VehicleRecord> Records(ChargingTrace trace, DateTimeOffset before)
    {
        var router = new RouterState(new RouterSettings(), City.Oslo.Place);
        var (epochs, sequence) = (new Dictionary<VehicleId, ulong>(), 0L);
        foreach (var session in trace.Sessions.Where(session => session.PluggedOut <= before).OrderBy(session => session.PluggedOut))
        {
            var epoch = epochs[session.Vehicle] = epochs.GetValueOrDefault(session.Vehicle) + 1;
            var tally = new SessionTally(session.Vehicle, new SessionEpoch(epoch), 0, 0, 0, DepartureKind.Vanished);
            router.Apply(new FleetReported(Reporter, ++sequence, session.PluggedOut, [tally]));
        }

        return [.. router.Records.Values];
    }
}
