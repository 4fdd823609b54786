using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Mesh.Hosting;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing.History;
using Mesh.Seed.Routing.Queries;
using Mesh.Seed.WorkStreams;

namespace Mesh.Seed.Routing;

/// <summary>
/// Decides every interactive request of this seed over its own <see cref="RouterState"/>: asks it, applies the events,
/// carries out the effects. Told by <see cref="RequestTable"/> and <see cref="DispatcherFeed"/>; tells the work streams,
/// the request table, and what lasts to the JobRouter singleton. No payload passes its mailbox.
/// </summary>
public sealed class Dispatcher : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(2);

    private readonly DispatcherParts _parts;
    private readonly RouterState _state;
    private readonly FleetTallies _tallies;
    private readonly AttemptSpans _spans;
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private TimeSpan? _wake;

    public Dispatcher(DispatcherParts parts)
    {
        _parts = parts;
        _state = new RouterState(parts.Settings, parts.Place, origin: parts.Clock.Origin, history: parts.History);
        _tallies = parts.Tallies;
        _spans = new AttemptSpans(parts.Clock.Provider);
        Receive<StreamOpened>(Opened);
        Receive<StreamGone>(Gone);
        Receive<IRouterCommand>(Run);
        Receive<IRouterQuery>(Answer);
        Receive<FleetRecords>(Learn);
        Receive<ReportDue>(_ => _parts.JobRouter.Tell(_tallies.NextReport(_parts.Clock.Provider.GetUtcNow())));
        Receive<ClusterEvent.ReachableMember>(reachable => MemberChanged(reachable.Member, IsGood(reachable.Member)));
        Receive<ClusterEvent.UnreachableMember>(unreachable => MemberChanged(unreachable.Member, false));
        Receive<ClusterEvent.IMemberEvent>(changed =>
            MemberChanged(changed.Member, IsGood(changed.Member) && !_cluster.State.Unreachable.Contains(changed.Member)));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        if (_parts.Known.Records.Count > 0)
            _state.Apply(new RecordsLearned(_parts.Known.Records));
        _parts.Table.Attach(Self.Tell, _cluster.SelfUniqueAddress.Uid);
        _parts.Feed.Attach(Self.Tell);
        _cluster.Subscribe(
            Self,
            ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
            typeof(ClusterEvent.IMemberEvent),
            typeof(ClusterEvent.IReachabilityEvent));
        Timers.StartPeriodicTimer(nameof(ReportDue), ReportDue.Instance, TimeSpan.Zero, ReportInterval);
    }

    protected override void PostStop()
    {
        _cluster.Unsubscribe(Self);
        const string Ended = "this seed's dispatcher ended";
        _spans.LoseAll();
        _parts.Table.FailAll(Ended);
        _parts.History.Abandon(Ended, _parts.Clock.Now);
    }

    protected override void PreRestart(Exception reason, object message)
    {
        // Its state is gone: callers must know, and vehicles dial again at once.
        // Not the message itself: it may hold a client's place.
        _log.Error(reason, "The dispatcher failed on a {0} and starts afresh", message.GetType().Name);
        foreach (var stream in _parts.Streams.Streams)
            stream.Abort();
        // The JobRouter tells everything once a term; what it told this actor is not told again.
        _parts.Known.Records = [.. _state.Records.Values];
        base.PreRestart(reason, message);
    }

    private void Opened(StreamOpened opened)
    {
        if (_state.Vehicles.TryGetValue(opened.Vehicle, out var former) && former.Stream != opened.Stream)
            Depart(former, opened.Epoch > former.Epoch ? DepartureKind.Superseded : null, Farewell.None);
        Run(opened);
        var vehicle = _state.Vehicles[opened.Vehicle];
        _tallies.Began(vehicle, _state.Fleet.WallClock(vehicle.ParkedAt));
    }

    private void Gone(StreamGone gone)
    {
        // A stream that this seed ends as it leaves is no vehicle's departure; a goodbye is one then, too.
        if (_state.Find(gone.Stream) is { } vehicle)
            Depart(vehicle, _state.IsLeaving && gone.Kind == DepartureKind.Vanished ? null : gone.Kind, gone.Farewell);
        Run(new StreamClosed(gone.Stream));
    }

    private void Depart(RoutedVehicle vehicle, DepartureKind? kind, Farewell farewell)
    {
        foreach (var attempt in vehicle.Outstanding)
        {
            _tallies.Ended(vehicle, AttemptEnd.Lost);
            _parts.Metrics.AttemptEnded(AttemptEnd.Lost, _state.Requests[attempt.Request].Model.Name);
            _spans.Ended(attempt, AttemptEnd.Lost);
        }

        if (kind is not { } departure)
            return;
        _parts.Metrics.Departed(departure, farewell.Cause);
        var at = _state.Fleet.WallClock(_parts.Clock.Now);
        _tallies.Departed(vehicle, departure, _state.Fleet.WallClock(vehicle.ParkedAt), at);
        _parts.History.Departures.Add(new Departure(vehicle.Id, vehicle.Epoch, departure, at, vehicle.DeviceClass, vehicle.Place, farewell));
    }

    /// <summary>An operator asks. Whatever is wrong with the question must not cost this actor its state.</summary>
    private void Answer(IRouterQuery query)
    {
        object answer;
        try
        {
            answer = query.Answer(new RouterView(_state, _parts.History, _parts.Clock.Now));
        }
        catch (Exception e)
        {
            answer = new Status.Failure(e);
        }

        Sender.Tell(answer);
    }

    private void MemberChanged(Member member, bool serviceable)
    {
        if (MeshSystem.SessionOf(member) is not null)
            Run(new MemberChanged(member.UniqueAddress.ToNodeAddress(), serviceable));
    }

    private static bool IsGood(Member member) => member.Status is MemberStatus.Joining or MemberStatus.WeaklyUp or MemberStatus.Up;

    private void Learn(FleetRecords records)
    {
        _tallies.Acknowledged(records.Sequence);
        _parts.Readiness.RouterAnswered(records.Term);
        if (records.Records.Count > 0 || records.Departures is not null)
            Run(new RecordsLearned(records.Records) { Departures = records.Departures });
    }

    private void Run(IRouterCommand command)
    {
        var now = _parts.Clock.Now;
        Carry(_state.Decide(command, now, _parts.Random));
        // Whatever it was may have freed a vehicle, queued a request or made a hedge due.
        while (_state.Decide(DispatchNext.Instance, now, _parts.Random) is { IsNothing: false } next)
            Carry(next);
        _parts.Metrics.QueueChanged(_state);
        ScheduleWake(now);
    }

    private void Carry(RouterDecision decision)
    {
        foreach (var change in decision.Events)
        {
            Count(change);
            _state.Apply(change);
        }

        foreach (var effect in decision.Effects)
            Carry(effect);
    }

    private void Count(IRouterStateEvent change)
    {
        switch (change)
        {
            case AttemptEnded ended when _state.Find(ended.Stream) is { } vehicle:
                var model = _state.Requests[ended.Attempt.Request].Model.Name;
                _tallies.Ended(vehicle, ended.End);
                _parts.Metrics.AttemptEnded(ended.End, model);
                _parts.Metrics.Energy.Spent(model, ended.Timings.EnergyUj);
                _spans.Ended(ended.Attempt, ended.End, ended.Traced ? default : ended.Timings);
                break;
            case RequestClosed closed when _state.Requests.TryGetValue(closed.Request, out var request):
                for (var i = 0; i < request.Running.Count; i++)
                {
                    _parts.Metrics.AttemptEnded(null, request.Model.Name);
                    _spans.Ended(request.Running[i].Attempt, null);
                }

                break;
        }
    }

    private void Carry(IRouterEffect effect)
    {
        switch (effect)
        {
            case SendAttempt send: Send(send); break;
            case CancelAttempt cancel: _parts.Streams.Find(cancel.Stream.Value)?.TryCancel(cancel.Attempt.Value); break;
            case WarmModel warm: _parts.Streams.Find(warm.Stream.Value)?.TryWarm(warm.Model); break;
            case CompleteRequest complete:
                _parts.Metrics.RequestCompleted(complete);
                _parts.Table.Complete(complete);
                break;
            default: throw new InvalidOperationException($"{effect.GetType()} is an effect that nobody carries out.");
        }
    }

    private void Send(SendAttempt send)
    {
        if (!_parts.Table.TryGetCall(send.Attempt.Request, out var call) || !_state.Requests.TryGetValue(send.Attempt.Request, out var request))
        {
            // Completed beside this actor, which must not hold the vehicle's place for it.
            Self.Tell(new CancelRequest(send.Attempt.Request));
            return;
        }

        if (send.Hedge)
            _parts.Metrics.HedgeStarted();
        var budget = request.Deadline - _parts.Clock.Now;
        var stream = _parts.Streams.Find(send.Stream.Value);
        var outgoing = new OutgoingRequest(send.Attempt.Value, call.Model, budget, call.Priority, call.Inputs, call.Outputs)
        {
            Trace = stream is null ? default : _spans.Started(send.Attempt, stream.Session.Vehicle, send.Hedge, call.Trace),
        };
        if (stream?.TrySend(outgoing) != true)
            Self.Tell(new AttemptUndeliverable(send.Attempt));
    }

    private void ScheduleWake(TimeSpan now)
    {
        var wake = _state.NextWake(now);
        if (wake == _wake)
            return;
        _wake = wake;
        if (wake is { } at)
            Timers.StartSingleTimer(nameof(Tick), Tick.Instance, at > now ? at - now : TimeSpan.Zero);
        else
            Timers.Cancel(nameof(Tick));
    }

    private sealed record ReportDue
    {
        public static ReportDue Instance { get; } = new();
    }
}

/// <summary>What the Dispatcher works with.</summary>
/// <param name="Tallies">Outlives a restart of the actor: numbers begun anew would be taken for reports told twice.</param>
public sealed record DispatcherParts(
    RouterSettings Settings,
    GeoPoint Place,
    MonotonicClock Clock,
    Random Random,
    RequestTable Table,
    DispatcherFeed Feed,
    WorkStreamRegistry Streams,
    FleetTallies Tallies,
    IActorRef JobRouter,
    RouterReadiness Readiness,
    RouterMetrics Metrics)
{
    /// <summary>Outlives a restart of the actor, too.</summary>
    public KnownRecords Known { get; } = new();

    /// <summary>As well.</summary>
    public RouterHistory History { get; } = new();
}

/// <summary>What a Dispatcher that failed knew about vehicles, for the one that goes on.</summary>
public sealed class KnownRecords
{
    public IReadOnlyList<VehicleRecord> Records { get; set; } = [];
}
