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
    private readonly TimeProvider _clock;
    private readonly TimeSpan _interval;
    private readonly Dictionary<NodeAddress, long> _heard = [];

    public SeedPeers(WorkStreamRegistry streams, DowningSettings settings, TimeProvider clock)
    {
        (_streams, _clock) = (streams, clock);
        Receive<Tick>(_ => Report());
        Receive<SeedReport>(report =>
        {
            _heard[report.Seed] = _clock.GetTimestamp();
            Context.System.EventStream.Publish(report);
        });
        _interval = settings.ReportInterval;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, TimeSpan.Zero, _interval);

    private void Report()
    {
        var seeds = _cluster.State.Members
            .Where(member => member.HasRole(MeshSystem.SeedRole) && member.UniqueAddress != _cluster.SelfUniqueAddress)
            .ToDictionary(member => member.UniqueAddress.ToNodeAddress(), member => member.Address);
        foreach (var gone in _heard.Keys.Where(seed => !seeds.ContainsKey(seed)).ToList())
            _heard.Remove(gone);
        var report = new SeedReport(
            _cluster.SelfUniqueAddress.ToNodeAddress(),
            _streams.Sessions,
            [.. _heard.Select(heard => new HeardSeed(heard.Key, _clock.GetElapsedTime(heard.Value)))]);
        Context.System.EventStream.Publish(report);
        foreach (var address in seeds.Values)
            Context.ActorSelection(new RootActorPath(address) / "user" / Name).Tell(report);
    }

    private sealed record Tick
    {
        public static Tick Instance { get; } = new();
    }
}
