using Akka.Actor;
using Akka.Cluster;
using Mesh.Hosting.Downing;
using Mesh.Messages;
using Mesh.Seed.Ingress;
using Mesh.Seed.Membership;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.Policies;
using Mesh.Seed.WorkStreams;

namespace Mesh.Seed.Health;

/// <summary>Gathers what <see cref="HealthRules"/> judge by, for whoever asks: the health endpoints, gRPC, metrics.</summary>
public sealed class HealthWatch(
    SeedNode node, RouterReadiness router, JournalWatch journal, WorkStreamRegistry streams, RouterSettings settings, MonotonicClock clock)
    : IReadiness, IHostedService
{
    private volatile bool _started;
    private volatile Heard? _majority;
    private volatile string? _whyNoMember;

    public bool HasStarted => _started |= IsMember;

    private bool IsMember => node.Status is MemberStatus.Up or MemberStatus.WeaklyUp;

    public HealthReport Report() => HealthRules.Judge(Facts(), clock.Now);

    public bool CanServe(ModelReference model, out string reason)
    {
        var open = streams.Streams;
        reason = open.Any(stream => MayTake(stream, model)) ? ""
            : open.Count == 0 ? "no vehicle is connected to this seed"
            : $"none of the {open.Count} connected vehicles takes requests for it: not now, not by its owner's consent, or not with its hardware";
        return reason.Length == 0;
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        node.System.ActorOf(Props.Create(() => new MembershipListener(this)), "health");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private HealthFacts Facts()
    {
        var open = streams.Streams;
        var majority = _majority;
        return new HealthFacts
        {
            IsMember = IsMember,
            WhyNoMember = HasStarted ? null : _whyNoMember,
            IsLeaving = node.IsLeaving,
            RouterHeardAt = router.HeardAt,
            RouterTerm = router.Term,
            RouterFailure = journal.RouterFailure,
            Journal = journal.State,
            Majority = majority?.Majority ?? SeedMajority.Unknown,
            MajorityHeardAt = majority?.At,
            Vehicles = (open.Count(TakesRequests), open.Count),
        };
    }

    private static bool TakesRequests(WorkStreamConnection stream) =>
        stream.LastStatus is { Draining: false } status && status.Consent is not { Interactive: false };

    private bool MayTake(WorkStreamConnection stream, ModelReference model)
    {
        var load = DispatcherFeed.LoadOf(stream.LastStatus);
        return !load.ForInteractive.Draining
            && load.Consent.Allows(model)
            && (load.Loaded.Contains(model.Hash)
                || (HardwareClassPolicy.Allows(stream.Session.DeviceClass, model) && MemoryPolicy.Allows(stream.Session.MemoryBytes, model, settings)));
    }

    private void Hear(SeedMajority majority) => _majority = new Heard(majority, clock.Now);

    private sealed record Heard(SeedMajority Majority, TimeSpan At);

    /// <summary>Hears on the event stream how many seeds this one reaches, from the downing actor, and before that why it is no member yet.</summary>
    private sealed class MembershipListener : ReceiveActor
    {
        public MembershipListener(HealthWatch health)
        {
            Receive<SeedMajority>(health.Hear);
            Receive<FormationVerdict>(verdict => health._whyNoMember = verdict.Why);
            Context.System.EventStream.Subscribe(Self, typeof(SeedMajority));
            Context.System.EventStream.Subscribe(Self, typeof(FormationVerdict));
        }
    }
}
