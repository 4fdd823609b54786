using Akka.Actor;
using Akka.Cluster;
using Mesh.Hosting;
using Mesh.Messages;
using Mesh.Messages.Control;

namespace Mesh.Benchmarks.FleetLife;

/// <summary>
/// Stands in for the seed's own <c>/user/seed-info</c>: tells each car that asks the address of its relay instead of the work
/// port's.
/// </summary>
internal sealed class RelayDesk : ReceiveActor
{
    public const string Name = "seed-info";

    /// <summary>The seed's view of who is a member is a moment behind the car's own.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);

    private readonly Cluster _cluster = Cluster.Get(Context.System);

    /// <param name="relayOf">A car's work address.</param>
    public RelayDesk(RegionName region, Func<VehicleId, string> relayOf) => Receive<GetSeedInfo>(asked =>
    {
        var member = _cluster.State.Members.FirstOrDefault(member => member.Address == Sender.Path.Address);
        if (member is not null && MeshSystem.SessionOf(member) is { } session)
            Sender.Tell(new SeedInfo(region, _cluster.SelfUniqueAddress.ToNodeAddress(), relayOf(session.Vehicle), RegionMembership.Member));
        else
            Context.System.Scheduler.ScheduleTellOnce(LookAgain, Self, asked, Sender);
    });
}
