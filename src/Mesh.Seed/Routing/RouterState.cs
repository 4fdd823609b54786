using Mesh.Messages;
using Mesh.Seed.Batches;
using Mesh.Seed.Routing.Choice;
using Mesh.Seed.Routing.Hedging;
using Mesh.Seed.Routing.History;
using Mesh.Seed.Routing.Queueing;

namespace Mesh.Seed.Routing;

/// <summary>
/// Everything the router decides on: vehicles, open requests and (in RouterState.Fleet.cs) what lasts about vehicles.
/// Pure and deterministic: <see cref="Decide"/> reads, <see cref="Apply(IRouterStateEvent)"/> changes, time and randomness are
/// arguments. The Dispatcher of each seed runs requests through one; the JobRouter keeps the lasting part in another.
/// Who is let in is decided in RouterState.Admission.cs, who gets a vehicle next in RouterState.Dispatch.cs.
/// </summary>
public sealed partial class RouterState
{
    /// <summary>Looks at every vehicle in one tick; who would need more is looked after in the next one.</summary>
    private const int MaxScans = 4;

    private static readonly TimeSpan ScanPause = TimeSpan.FromMilliseconds(100);

    private readonly RouterSettings _settings;
    private readonly Fleet _fleet;
    private readonly Dictionary<RequestId, RoutedRequest> _requests = [];
    private readonly WaitingRoom _waiting = new();
    private readonly QueuePace _pace = new();
    private readonly AnswerTimes _answers = new();
    private readonly HedgeBudget _hedges;
    private readonly RouterHistory? _history;
    private readonly SortedSet<(TimeSpan At, ulong Id)> _deadlines = [];
    private readonly SortedSet<(TimeSpan At, ulong Id)> _hedgeTimes = [];

    /// <summary>Of requests that wait for a first vehicle, wherever it is; and of those that ask for one within a radius.</summary>
    private readonly SortedSet<(TimeSpan At, ulong Id)> _patience = [];
    private readonly SortedSet<(TimeSpan At, ulong Id)> _radiusPatience = [];
    private readonly Queue<(TimeSpan Until, StreamId Stream, ArtifactHash Model)> _warmings = [];

    /// <summary>Inferences that the vehicles of this seed run at once.</summary>
    private int _slots;
    private bool _leaving;

    /// <param name="place">Of the seed.</param>
    /// <param name="choice">Null = the one that the mesh runs with.</param>
    /// <param name="origin">The wall clock's time at zero of the clock that is the argument of <see cref="Decide"/>.</param>
    /// <param name="history">Is told what happens, choices included, and changes nothing; null = nobody will ask.</param>
    public RouterState(
        RouterSettings settings, GeoPoint place, IVehicleChoice? choice = null, DateTimeOffset origin = default, RouterHistory? history = null)
    {
        _settings = settings;
        _history = history;
        _fleet = new Fleet(settings, place, choice ?? new GeographicChoice(), origin) { Trace = history?.Choice };
        _hedges = new HedgeBudget(settings.HedgeShare, settings.HedgeBurst);
        _desk = new BatchDesk(_book, _fleet, settings.Batches);
    }

    public Fleet Fleet => _fleet;

    /// <summary>The seed leaves: nothing new is let in, and in the end it closes its streams.</summary>
    public bool IsLeaving => _leaving;

    public IReadOnlyDictionary<VehicleId, RoutedVehicle> Vehicles => _fleet.Vehicles;

    public IReadOnlyDictionary<RequestId, RoutedRequest> Requests => _requests;

    public int Waiting => _waiting.Count;

    internal int Slots => _slots;

    /// <param name="level">1 to <see cref="PriorityLevel.Lowest"/>.</param>
    public int WaitingAt(int level) => _waiting.CountAt(level);

    public RoutedVehicle? Find(StreamId stream) => _fleet.Find(stream);

    /// <summary>When <see cref="Tick"/> has something to do next; null while there is nothing.</summary>
    public TimeSpan? NextWake(TimeSpan now)
    {
        if (_deadlines.Count == 0)
            return null;
        var wake = _deadlines.Min.At;
        Sooner(_hedgeTimes);
        Sooner(_radiusPatience);
        if (_waiting.Count == 0)
            return wake;
        if (_fleet.NextRetry(now) is { } retry && retry < wake)
            wake = retry;
        if (_patience.Count > 0 && !_fleet.HasServiceable())
            Sooner(_patience);
        return wake;

        void Sooner(SortedSet<(TimeSpan At, ulong)> times)
        {
            if (times.Count > 0 && times.Min.At < wake)
                wake = times.Min.At;
        }
    }

    public RouterDecision Decide(IRouterCommand command, TimeSpan now, Random random) => command switch
    {
        SubmitRequest submit => DecideSubmit(submit, now),
        DispatchNext => DecideDispatch(now, random),
        AttemptReported reported => DecideReported(reported, now),
        AttemptUndeliverable lost => DecideUndeliverable(lost, now),
        CancelRequest cancel => DecideCancel(cancel, now),
        Tick => DecideTick(now),
        StreamClosed closed => IsOpen(closed.Stream) ? RouterDecision.Of(closed with { At = now }) : RouterDecision.Nothing,
        StreamOpened opened => RouterDecision.Of(opened with { At = now }),
        LoadChanged changed => DecideLoad(changed with { At = now }, now),
        MemberChanged member => DecideMember(member, now),
        RoundTripMeasured trip => IsOpen(trip.Stream) ? RouterDecision.Of(trip) : RouterDecision.Nothing,
        IRouterStateEvent fact => RouterDecision.Of(fact),
        _ => throw new ArgumentOutOfRangeException(nameof(command), command, "The router knows no such command."),
    };

    private RouterDecision DecideReported(AttemptReported reported, TimeSpan now)
    {
        // Late (its request is closed or has moved on) or not asked of this stream: it changes nothing.
        if (!_requests.TryGetValue(reported.Attempt.Request, out var request)
            || request.Find(reported.Attempt) is not { } attempt || attempt.Stream != reported.Stream
            || _fleet.Find(reported.Stream) is not { } vehicle)
            return RouterDecision.Nothing;
        // While another attempt is out, only an answer settles the request.
        var last = request.Running.Count == 1;
        return reported.Outcome switch
        {
            AttemptOutcome.Ok => Close(AttemptEnd.Answered, RequestOutcome.Ok, ""),
            AttemptOutcome.Invalid => Close(AttemptEnd.Refused, RequestOutcome.Invalid, reported.Error),
            AttemptOutcome.Expired when last => Close(AttemptEnd.Returned, RequestOutcome.DeadlineExceeded, "the deadline passed in the vehicle's queue"),
            AttemptOutcome.Failed or AttemptOutcome.Unknown when last && request.FailedAttempts + 1 >= _settings.MaxFailedAttempts =>
                Close(AttemptEnd.Failed, RequestOutcome.Failed, reported.Error),
            AttemptOutcome.Failed or AttemptOutcome.Unknown => RouterDecision.Of(Ended(AttemptEnd.Failed)),
            _ => RouterDecision.Of(Ended(AttemptEnd.Returned)),
        };

        // Nothing that happened there took longer than the attempt was out, whatever the vehicle says.
        AttemptEnded Ended(AttemptEnd end) => new(reported.Attempt, reported.Stream, end, Clip(reported.Timings, now - attempt.At), now)
        {
            Error = reported.Error,
            Traced = reported.Traced,
        };

        RouterDecision Close(AttemptEnd end, RequestOutcome outcome, string error)
        {
            var complete = Completion(request, outcome, error, now) with
            {
                Answer = (reported.Attempt, reported.Stream),
                Vehicle = vehicle.Id,
                Timings = reported.Timings,
                HedgeWon = attempt.Hedge,
                Waited = attempt.At - request.QueuedAt,
                Network = Positive(now - attempt.At - reported.Timings.Queue - reported.Timings.Infer),
            };
            return new RouterDecision(
                [Ended(end), new RequestClosed(request.Id, outcome, now) { Error = error }],
                [.. request.Running.Where(other => other.Attempt != attempt.Attempt).Select(Cancel), complete]);
        }
    }

    private RouterDecision DecideUndeliverable(AttemptUndeliverable lost, TimeSpan now) =>
        _requests.TryGetValue(lost.Attempt.Request, out var request) && request.Find(lost.Attempt) is { } running
            ? RouterDecision.Of(new AttemptEnded(running.Attempt, running.Stream, AttemptEnd.Returned, default, now))
            : RouterDecision.Nothing;

    private RouterDecision DecideCancel(CancelRequest cancel, TimeSpan now) =>
        _requests.TryGetValue(cancel.Request, out var request)
            ? CloseUnanswered(request, RequestOutcome.Cancelled, "the client went away", now)
            : RouterDecision.Nothing;

    private RouterDecision DecideTick(TimeSpan now)
    {
        var decisions = Due(_deadlines, now)
            .Select(request => DecideOverdue(request, now))
            .ToList();
        if (_patience.Count > 0 && !_fleet.HasServiceable())
        {
            decisions.AddRange(Due(_patience, now).Where(request => request.Deadline > now)
                .Select(request => Abandon(request, "no vehicle is there to take the request", now)));
        }

        decisions.AddRange(Due(_radiusPatience, now).Where(request => request.Deadline > now).Select((request, i) => LookAround(request, i, now)));
        return decisions.Count == 0
            ? RouterDecision.Nothing
            : new RouterDecision([.. decisions.SelectMany(d => d.Events)], [.. decisions.SelectMany(d => d.Effects)]);
    }

    /// <summary>A vehicle that let the deadline pass, in longer than nearly all attempts take, counts as one that failed: it may hang.</summary>
    private RouterDecision DecideOverdue(RoutedRequest request, TimeSpan now)
    {
        var close = CloseUnanswered(request, RequestOutcome.DeadlineExceeded, "the deadline passed before a vehicle answered", now);
        if (request.Work is not null || _answers.P95(request.Model.Hash) is not { } late)
            return close;
        var hung = request.Running.Where(attempt => !attempt.Hedge && now - attempt.At > late)
            .Select(attempt => new AttemptEnded(attempt.Attempt, attempt.Stream, AttemptEnd.Failed, default, now));
        return close with { Events = [.. hung, .. close.Events] };
    }

    /// <summary>Whether to wait on for a vehicle within the radius.</summary>
    /// <param name="before">Requests looked at in this tick already.</param>
    private RouterDecision LookAround(RoutedRequest request, int before, TimeSpan now)
    {
        if (before >= MaxScans)
            return RouterDecision.Of(new PatienceRenewed(request.Id, now + ScanPause));
        var origin = request.Origin ?? _fleet.Place;
        return _fleet.HasServiceable(origin, request.MaxDistanceKm)
            ? RouterDecision.Of(new PatienceRenewed(request.Id, now + _settings.NoVehicleWait))
            : Abandon(request, $"no vehicle is within {request.MaxDistanceKm:0.###} km of {origin} to take the request", now);
    }

    private IEnumerable<RoutedRequest> Due(SortedSet<(TimeSpan At, ulong Id)> times, TimeSpan now) =>
        times.TakeWhile(due => due.At <= now).Select(due => _requests[new RequestId(due.Id)]);

    private RouterDecision Abandon(RoutedRequest request, string error, TimeSpan now) =>
        CloseUnanswered(request, RequestOutcome.Unavailable, error, now, RefusalReason.NoVehicle, _settings.NoVehicleWait);

    private static RouterDecision CloseUnanswered(
        RoutedRequest request, RequestOutcome outcome, string error, TimeSpan now, RefusalReason? refused = null, TimeSpan? retryAfter = null) => new(
        [new RequestClosed(request.Id, outcome, now) { Error = error, Refused = refused is not null }],
        [.. request.Running.Select(Cancel), Completion(request, outcome, error, now) with { Refused = refused, RetryAfter = retryAfter }]);

    private static IRouterEffect Cancel(RunningAttempt attempt) => new CancelAttempt(attempt.Attempt, attempt.Stream);

    private static CompleteRequest Completion(RoutedRequest request, RequestOutcome outcome, string error, TimeSpan now) =>
        new(request.Id, outcome, error, null, null, null, request.Attempts, default)
        {
            Model = request.Model,
            Took = now - request.QueuedAt,
            Hedged = request.Hedged,
        };

    private static AttemptTimings Clip(AttemptTimings timings, TimeSpan most) =>
        timings with { Queue = Least(timings.Queue, most), Load = Least(timings.Load, most), Infer = Least(timings.Infer, most) };

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static TimeSpan Positive(TimeSpan time) => time > TimeSpan.Zero ? time : TimeSpan.Zero;

    private bool IsOpen(StreamId stream) => _fleet.Find(stream) is not null;
}
