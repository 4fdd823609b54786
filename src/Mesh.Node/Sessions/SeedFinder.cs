using Akka.Actor;
using Akka.Cluster;
using Mesh.Hosting;
using Mesh.Messages;
using Mesh.Messages.Control;

namespace Mesh.Node.Sessions;

/// <summary>
/// Watches a session's cluster for seeds, asks each one's <c>/user/seed-info</c> until it answers, and tells the session
/// which seeds there are. Told by the cluster; tells <see cref="ISeedListener"/>.
/// </summary>
internal sealed class SeedFinder : ReceiveActor, IWithTimers
{
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly ISeedListener _listener;
    private readonly Dictionary<UniqueAddress, bool> _answered = [];
    private bool _joined;

    public SeedFinder(ISeedListener listener)
    {
        _listener = listener;
        Receive<ClusterEvent.MemberRemoved>(removed => Gone(removed.Member));
        Receive<ClusterEvent.IMemberEvent>(changed => Seen(changed.Member));
        Receive<SeedInfo>(Found);
        Receive<AskAgain>(_ => Ask());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        _cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));
        Timers.StartPeriodicTimer(nameof(AskAgain), AskAgain.Instance, TimeSpan.FromSeconds(1));
    }

    protected override void PostStop() => _cluster.Unsubscribe(Self);

    private void Seen(Member member)
    {
        if (member.UniqueAddress == _cluster.SelfUniqueAddress && !_joined)
        {
            _joined = true;
            _listener.Joined();
        }

        if (!member.HasRole(MeshSystem.SeedRole) || member.Status is MemberStatus.Down || !_answered.TryAdd(member.UniqueAddress, false))
            return;
        Ask();
    }

    private void Gone(Member member)
    {
        if (_answered.Remove(member.UniqueAddress))
            _listener.SeedGone(member.UniqueAddress.ToNodeAddress());
    }

    private void Found(SeedInfo info)
    {
        var seed = _answered.Keys.FirstOrDefault(candidate => candidate.ToNodeAddress() == info.Seed);
        if (seed is null || _answered[seed])
            return;
        _answered[seed] = true;
        _listener.SeedFound(info);
    }

    private void Ask()
    {
        foreach (var (seed, answered) in _answered)
        {
            if (!answered)
                Context.ActorSelection(new RootActorPath(seed.Address) / "user" / "seed-info").Tell(GetSeedInfo.Instance);
        }
    }

    private sealed record AskAgain
    {
        public static AskAgain Instance { get; } = new();
    }
}

/// <summary>Who hears of seeds; called on the actor's thread.</summary>
internal interface ISeedListener
{
    /// <summary>This session's member is in the cluster's membership.</summary>
    void Joined();

    void SeedFound(SeedInfo info);

    void SeedGone(NodeAddress seed);
}
