using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Mesh.Messages.Control;

namespace Mesh.Hosting.Downing;

/// <summary>
/// Carries out <see cref="DowningRules"/> on a seed. Akka's cluster daemon starts it; it hears membership from the cluster
/// and <see cref="SeedReport"/>s, this seed's own included, from the event stream (SeedPeers publishes them there).
/// </summary>
internal sealed class DowningActor : ReceiveActor, IWithTimers
{
    private readonly Cluster _cluster;
    private readonly DowningRules _rules;
    private readonly Dictionary<UniqueAddress, Member> _members = [];
    private readonly TimeProvider _clock = TimeProvider.System;
    private readonly long _start;
    private readonly TimeSpan _interval;

    public DowningActor(Cluster cluster, DowningSettings settings)
    {
        _cluster = cluster;
        _rules = new DowningRules(cluster.SelfUniqueAddress.ToNodeAddress(), settings);
        _start = _clock.GetTimestamp();
        // Two verdicts each reporting interval keep the reaction within a fraction of the thresholds.
        _interval = settings.ReportInterval / 2;
        Receive<ClusterEvent.CurrentClusterState>(state =>
        {
            foreach (var member in state.Members)
                _members[member.UniqueAddress] = member;
            MembersChanged();
        });
        Receive<ClusterEvent.MemberRemoved>(removed =>
        {
            _members.Remove(removed.Member.UniqueAddress);
            MembersChanged();
        });
        Receive<ClusterEvent.IMemberEvent>(changed =>
        {
            _members[changed.Member.UniqueAddress] = changed.Member;
            MembersChanged();
        });
        Receive<SeedReport>(report => _rules.Reported(report, Now));
        Receive<Tick>(_ => Act());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => _clock.GetElapsedTime(_start);

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, _interval);
        Context.System.EventStream.Subscribe(Self, typeof(SeedReport));
        _cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsSnapshot, typeof(ClusterEvent.IMemberEvent));
    }

    protected override void PostStop()
    {
        Context.System.EventStream.Unsubscribe(Self);
        _cluster.Unsubscribe(Self);
    }

    private void MembersChanged() =>
        _rules.MembersChanged(
            _members.Values
                .Where(member => member.Status is not (MemberStatus.Down or MemberStatus.Exiting or MemberStatus.Removed))
                .Order(Member.AgeOrdering)
                .Select((member, age) => new ClusterMember(
                    member.UniqueAddress.ToNodeAddress(),
                    MeshSystem.SessionOf(member),
                    member.Status is MemberStatus.Up or MemberStatus.Leaving,
                    age)),
            Now);

    private void Observe()
    {
        var detector = _cluster.FailureDetector;
        _rules.Observed(
            _cluster.State.Unreachable.Select(member => member.UniqueAddress.ToNodeAddress()).ToHashSet(),
            _members.Values
                .Where(member => member.HasRole(MeshSystem.SeedRole) && detector.IsMonitoring(member.Address) && !detector.IsAvailable(member.Address))
                .Select(member => member.UniqueAddress.ToNodeAddress())
                .ToHashSet(),
            Now);
    }

    private void Act()
    {
        Observe();
        var verdict = _rules.Decide(Now);
        // For the seed's health: what a seed without a majority answers is not to be relied on.
        Context.System.EventStream.Publish(_rules.Majority(Now));
        if (verdict.DownSelf is { } why)
        {
            Context.GetLogger().Error("Downing this seed: {0}. Its supervisor starts it again.", why);
            _cluster.Down(_cluster.SelfAddress);
            return;
        }

        foreach (var (node, reason) in verdict.Down)
        {
            Context.GetLogger().Info("Downing {0}: {1}", node, reason);
            _cluster.Down(Address.Parse(node.Address));
        }
    }

    private sealed record Tick : INotInfluenceReceiveTimeout
    {
        public static Tick Instance { get; } = new();
    }
}
