using Akka.Actor;
using Akka.Cluster;
using Mesh.Hosting;
using Mesh.Hosting.Downing;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.WorkStreams;

namespace Mesh.Seed.Membership;

/// <summary>
/// Answers <see cref="GetSeedInfo"/> at <c>/user/seed-info</c>: where this seed's work streams end, for vehicles, and whether it is in a
/// region, for other seeds (<see cref="RegionFormation"/>).
/// </summary>
internal sealed class SeedInfoActor : ReceiveActor
{
    public const string Name = "seed-info";

    /// <param name="info">Membership aside.</param>
    public SeedInfoActor(SeedInfo info)
    {
        var cluster = Cluster.Get(Context.System);
        Receive<GetSeedInfo>(_ => Sender.Tell(info with { Membership = MembershipOf(cluster) }));
    }

    public static RegionMembership MembershipOf(Cluster cluster) =>
        cluster.SelfMember.Status is MemberStatus.Removed or MemberStatus.Down ? RegionMembership.None : RegionMembership.Member;
}

/// <summary>
/// Tells the other seeds at <c>/user/seed-peers</c> that this one lives and which work streams it has, and publishes what
/// it hears, its own report included, to this node's downing actor.
/// </summary>
internal sealed class SeedPeers : ReceiveActor, IWithTimers
{
    public const string Name = "seed-peers";

    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly WorkStreamRegistry _streams;
    private readonly TimeSpan _interval;

    public SeedPeers(WorkStreamRegistry streams, DowningSettings settings)
    {
        _streams = streams;
        Receive<Tick>(_ => Report());
        Receive<SeedReport>(report => Context.System.EventStream.Publish(report));
        _interval = settings.ReportInterval;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, TimeSpan.Zero, _interval);

    private void Report()
    {
        var report = new SeedReport(_cluster.SelfUniqueAddress.ToNodeAddress(), _streams.Sessions);
        Context.System.EventStream.Publish(report);
        foreach (var member in _cluster.State.Members)
        {
            if (member.HasRole(MeshSystem.SeedRole) && member.UniqueAddress != _cluster.SelfUniqueAddress)
                Context.ActorSelection(new RootActorPath(member.Address) / "user" / Name).Tell(report);
        }
    }

    private sealed record Tick
    {
        public static Tick Instance { get; } = new();
    }
}
