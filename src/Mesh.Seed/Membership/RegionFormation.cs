using System.Net;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Mesh.Hosting;
using Mesh.Messages.Control;

namespace Mesh.Seed.Membership;

/// <summary>
/// Carries out <see cref="FormationRules"/> on a seed of several until it is in a region: asks the others' <c>/user/seed-info</c> once
/// a second, and publishes each verdict on the event stream for the seed's health.
/// </summary>
internal sealed class RegionFormation : ReceiveActor, IWithTimers
{
    public const string Name = "region-formation";

    private static readonly TimeSpan FirstWarning = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan WarningInterval = TimeSpan.FromMinutes(1);

    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly IReadOnlyList<ActorSelection> _others;
    private readonly FormationRules _rules;
    private readonly TimeProvider _clock;
    private readonly long _start;
    private TimeSpan _warning = FirstWarning;
    private string? _told;

    /// <param name="others">The seeds of the list without this one.</param>
    /// <param name="rules">Made with the actor, whose time they know.</param>
    public RegionFormation(IEnumerable<DnsEndPoint> others, Func<FormationRules> rules, TimeProvider clock)
    {
        _others = [.. others.Select(seed => Context.ActorSelection(new RootActorPath(MeshSystem.AddressOf(seed)) / "user" / SeedInfoActor.Name))];
        (_rules, _clock, _start) = (rules(), clock, clock.GetTimestamp());
        Receive<SeedInfo>(info => _rules.Answered(info, Now));
        Receive<Tick>(_ => Act());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => _clock.GetElapsedTime(_start);

    protected override void PreStart() => Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, TimeSpan.Zero, TimeSpan.FromSeconds(1));

    private void Act()
    {
        if (SeedInfoActor.MembershipOf(_cluster) == RegionMembership.Member)
        {
            Context.System.EventStream.Publish(FormationVerdict.LetIn);
            Context.Stop(Self);
            return;
        }

        var verdict = _rules.Decide(Now);
        Context.System.EventStream.Publish(verdict);
        Tell(verdict);
        if (verdict.Step == FormationStep.Form)
            _cluster.Join(_cluster.SelfAddress);
        else if (verdict.Step == FormationStep.Restart)
            End();
        foreach (var seed in _others)
            seed.Tell(GetSeedInfo.Instance);
    }

    private void End()
    {
        Timers.CancelAll();
        CoordinatedShutdown.Get(Context.System).Run(CoordinatedShutdown.ClusterJoinUnsuccessfulReason.Instance);
    }

    private void Tell(FormationVerdict verdict)
    {
        if (verdict.Step == FormationStep.Form)
        {
            _log.Info("Forming the region: {0}", verdict.Why);
        }
        else if (Now >= _warning)
        {
            _log.Warning("Still not in its region after {0:0} s: {1}", Now.TotalSeconds, verdict.Why);
            _warning += WarningInterval;
        }
        else if (verdict.Why != _told)
        {
            _log.Info("Not in its region yet: {0}", verdict.Why);
            _told = verdict.Why;
        }
    }

    private sealed record Tick
    {
        public static Tick Instance { get; } = new();
    }
}
