using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing.Policies;

namespace Mesh.Seed.Routing;

/// <summary>
/// Everything the router decides on: vehicles, open requests and (in RouterState.Fleet.cs) what lasts about vehicles.
/// Pure and deterministic: <see cref="Decide"/> reads, <see cref="Apply"/> changes, time and randomness are arguments.
/// The Dispatcher of each seed runs requests through one; the JobRouter keeps the lasting part in another.
/// </summary>
public sealed partial class RouterState(RouterSettings settings, GeoPoint place)
{
    /// <summary>Members held unserviceable are remembered beyond their streams, up to this many.</summary>
    private const int MaxUnserviceable = 4096;

    private readonly Dictionary<StreamId, RoutedVehicle> _streams = [];
    private readonly Dictionary<VehicleId, RoutedVehicle> _vehicles = [];
    private readonly OrderedDictionary<NodeAddress, bool> _unserviceable = [];
    private readonly Dictionary<RequestId, RoutedRequest> _requests = [];
    private readonly SortedSet<(uint Rank, TimeSpan Deadline, ulong Id)> _waiting = [];
    private readonly SortedSet<(TimeSpan Deadline, ulong Id)> _deadlines = [];
    private readonly Dictionary<ArtifactHash, double> _fleetServiceMs = [];
    private double _fleetMiss;
    private bool _leaving;

    public IReadOnlyDictionary<VehicleId, RoutedVehicle> Vehicles => _vehicles;

    public IReadOnlyDictionary<RequestId, RoutedRequest> Requests => _requests;

    public int Waiting => _waiting.Count;

    public RoutedVehicle? Find(StreamId stream) => _streams.GetValueOrDefault(stream);

    /// <summary>When <see cref="Tick"/> has something to do next; null while there is nothing.</summary>
    public TimeSpan? NextWake(TimeSpan now)
    {
        if (_deadlines.Count == 0)
            return null;
        var wake = _deadlines.Min.Deadline;
        if (_waiting.Count == 0)
            return wake;
        var busy = _vehicles.Values.Where(v => v.BusyUntil > now).Select(v => v.BusyUntil).DefaultIfEmpty(wake).Min();
        var patience = HasServiceableVehicle()
            ? wake
            : _waiting.Select(w => _requests[new RequestId(w.Id)]).Where(r => r.Attempts == 0)
                .Select(r => r.WaitingSince!.Value + settings.NoVehicleWait).DefaultIfEmpty(wake).Min();
        return new[] { wake, busy, patience }.Min();
    }

    public RouterDecision Decide(IRouterCommand command, TimeSpan now, Random random) => command switch
    {
        SubmitRequest submit => DecideSubmit(submit, now),
        DispatchNext => DecideDispatch(now, random),
        AttemptReported reported => DecideReported(reported, now),
        AttemptUndeliverable lost => DecideUndeliverable(lost, now),
        CancelRequest cancel => DecideCancel(cancel),
        Tick => DecideTick(now),
        StreamClosed closed => _streams.ContainsKey(closed.Stream) ? RouterDecision.Of(closed) : RouterDecision.Nothing,
        LoadChanged changed => _streams.ContainsKey(changed.Stream) ? RouterDecision.Of(changed) : RouterDecision.Nothing,
        RoundTripMeasured trip => _streams.ContainsKey(trip.Stream) ? RouterDecision.Of(trip) : RouterDecision.Nothing,
        IRouterStateEvent fact => RouterDecision.Of(fact),
        _ => throw new ArgumentOutOfRangeException(nameof(command), command, "The router knows no such command."),
    };

    private RouterDecision DecideSubmit(SubmitRequest submit, TimeSpan now)
    {
        if (_leaving)
            return Refuse(submit.Request, RequestOutcome.Unavailable, "this seed is leaving its region", TimeSpan.FromSeconds(1));
        if (submit.Deadline <= now)
            return Refuse(submit.Request, RequestOutcome.DeadlineExceeded, "the deadline has passed", null);
        if (_waiting.Count >= settings.MaxWaiting)
        {
            return Refuse(
                submit.Request,
                RequestOutcome.Overloaded,
                $"{_waiting.Count} requests already wait for a vehicle at this seed, as many as may",
                TimeSpan.FromSeconds(1));
        }

        if (LeastTime(submit.Model.Hash) is { } least && now + least > submit.Deadline)
        {
            return Refuse(
                submit.Request,
                RequestOutcome.DeadlineExceeded,
                $"no vehicle answers {submit.Model} in less than {least.TotalMilliseconds:0.###} ms, more than the timeout leaves",
                null);
        }

        return RouterDecision.Of(
            new RequestQueued(submit.Request, submit.Model, submit.PayloadBytes, submit.Deadline, submit.Priority, now));
    }

    /// <summary>The fastest that any vehicle could answer; null when one of them is not measured yet, or none is there.</summary>
    private TimeSpan? LeastTime(ArtifactHash model)
    {
        TimeSpan? least = null;
        foreach (var vehicle in _vehicles.Values)
        {
            if (ExpectedCompletion.MeasuredFloor(vehicle, model) is not { } floor)
                return null;
            least = least is null || floor < least ? floor : least;
        }

        return least;
    }

    private RouterDecision DecideDispatch(TimeSpan now, Random random)
    {
        foreach (var (_, _, id) in _waiting)
        {
            var request = _requests[new RequestId(id)];
            if (request.Attempts == AttemptId.MaxNumber)
                return CloseUnanswered(request, RequestOutcome.Failed, $"{request.Attempts} attempts were handed back or lost", null);
            if (Choose(request, now, random) is not { } vehicle)
            {
                // Any vehicle may take any request, so when this one finds no room the next one will not either.
                return RouterDecision.Nothing;
            }

            var attempt = AttemptId.Of(request.Id, request.Attempts + 1);
            var events = new List<IRouterStateEvent> { new AttemptStarted(attempt, vehicle.Stream, now) };
            var effects = new List<IRouterEffect> { new SendAttempt(attempt, vehicle.Stream) };
            foreach (var warm in ToWarm(request.Model, vehicle))
            {
                events.Add(new WarmingStarted(warm.Stream, request.Model.Hash));
                effects.Add(new WarmModel(warm.Stream, request.Model));
            }

            return new RouterDecision(events, effects);
        }

        return RouterDecision.Nothing;
    }

    private RoutedVehicle? Choose(RoutedRequest request, TimeSpan now, Random random)
    {
        RoutedVehicle? best = null;
        var (bestTried, bestScore, ties) = (true, TimeSpan.MaxValue, 0);
        foreach (var vehicle in _vehicles.Values)
        {
            if (!VehicleFilter.IsServiceable(vehicle, _unserviceable.Keys) || !VehicleFilter.HasRoom(vehicle, now))
                continue;
            var tried = request.Tried.Contains(vehicle.Id);
            if (tried && !bestTried)
                continue;
            var score = ExpectedCompletion.Score(
                vehicle, request.Model, request.PayloadBytes, FleetService(request.Model.Hash), _fleetMiss, Record(vehicle.Id), place, settings);
            if (best is null || (!tried && bestTried) || score < bestScore)
                (best, bestTried, bestScore, ties) = (vehicle, tried, score, 1);
            else if (score == bestScore && random.Next(++ties) == 0)
                best = vehicle;
        }

        return best;
    }

    private List<RoutedVehicle> ToWarm(ModelReference model, RoutedVehicle chosen)
    {
        var copies = _vehicles.Values.Count(v => v == chosen || v.Has(model.Hash) || v.Warming.Contains(model.Hash));
        if (copies >= settings.WarmCopies)
            return [];
        return
        [
            .. _vehicles.Values
                .Where(v => v != chosen && !v.Has(model.Hash) && !v.Warming.Contains(model.Hash))
                .Where(v => VehicleFilter.IsServiceable(v, _unserviceable.Keys))
                .OrderBy(v => ExpectedCompletion.Score(v, model, 0, FleetService(model.Hash), _fleetMiss, Record(v.Id), place, settings))
                .ThenBy(v => v.Id.Value, StringComparer.Ordinal)
                .Take(settings.WarmCopies - copies),
        ];
    }

    private RouterDecision DecideReported(AttemptReported reported, TimeSpan now)
    {
        // Late (its request is closed or has moved on) or not asked of this stream: it changes nothing.
        if (!_requests.TryGetValue(reported.Attempt.Request, out var request)
            || request.Running != (reported.Attempt, reported.Stream)
            || !_streams.TryGetValue(reported.Stream, out var vehicle))
            return RouterDecision.Nothing;
        return reported.Outcome switch
        {
            AttemptOutcome.Ok => Close(request, AttemptEnd.Answered, RequestOutcome.Ok, ""),
            AttemptOutcome.Invalid => Close(request, AttemptEnd.Answered, RequestOutcome.Invalid, reported.Error),
            AttemptOutcome.Expired => Close(request, AttemptEnd.Returned, RequestOutcome.DeadlineExceeded, "the deadline passed in the vehicle's queue"),
            AttemptOutcome.Failed or AttemptOutcome.Unknown when request.FailedAttempts + 1 >= settings.MaxFailedAttempts =>
                Close(request, AttemptEnd.Failed, RequestOutcome.Failed, reported.Error),
            AttemptOutcome.Failed or AttemptOutcome.Unknown => Retry(AttemptEnd.Failed),
            _ => Retry(AttemptEnd.Returned),
        };

        RouterDecision Retry(AttemptEnd end) => RouterDecision.Of(new AttemptEnded(reported.Attempt, reported.Stream, end, reported.Timings, now));

        RouterDecision Close(RoutedRequest request, AttemptEnd end, RequestOutcome outcome, string error) => new(
            [new AttemptEnded(reported.Attempt, reported.Stream, end, reported.Timings, now), new RequestClosed(request.Id)],
            [new CompleteRequest(
                request.Id, outcome, error, null, (reported.Attempt, reported.Stream), vehicle.Id, request.Attempts, reported.Timings)]);
    }

    private RouterDecision DecideUndeliverable(AttemptUndeliverable lost, TimeSpan now) =>
        _requests.TryGetValue(lost.Attempt.Request, out var request) && request.Running is { } running && running.Attempt == lost.Attempt
            ? RouterDecision.Of(new AttemptEnded(running.Attempt, running.Stream, AttemptEnd.Returned, default, now))
            : RouterDecision.Nothing;

    private RouterDecision DecideCancel(CancelRequest cancel) =>
        _requests.TryGetValue(cancel.Request, out var request)
            ? CloseUnanswered(request, RequestOutcome.Cancelled, "the client went away", null)
            : RouterDecision.Nothing;

    private RouterDecision DecideTick(TimeSpan now)
    {
        var closings = _deadlines.TakeWhile(open => open.Deadline <= now)
            .Select(open => CloseUnanswered(
                _requests[new RequestId(open.Id)], RequestOutcome.DeadlineExceeded, "the deadline passed before a vehicle answered", null))
            .ToList();
        if (!HasServiceableVehicle())
        {
            closings.AddRange(_waiting.Select(waiting => _requests[new RequestId(waiting.Id)])
                .Where(request => request.Deadline > now && request.Attempts == 0 && request.WaitingSince + settings.NoVehicleWait <= now)
                .Select(request => CloseUnanswered(
                    request, RequestOutcome.Unavailable, "no vehicle is there to take the request", settings.NoVehicleWait)));
        }

        return closings.Count == 0
            ? RouterDecision.Nothing
            : new RouterDecision([.. closings.SelectMany(c => c.Events)], [.. closings.SelectMany(c => c.Effects)]);
    }

    private static RouterDecision CloseUnanswered(RoutedRequest request, RequestOutcome outcome, string error, TimeSpan? retryAfter)
    {
        var completion = Completion(request, outcome, error) with { RetryAfter = retryAfter };
        return new RouterDecision(
            [new RequestClosed(request.Id)],
            request.Running is { } running ? [new CancelAttempt(running.Attempt, running.Stream), completion] : [completion]);
    }

    private static CompleteRequest Completion(RoutedRequest request, RequestOutcome outcome, string error) =>
        new(request.Id, outcome, error, null, null, null, request.Attempts, default);

    private static RouterDecision Refuse(RequestId request, RequestOutcome outcome, string error, TimeSpan? retryAfter) =>
        new([], [new CompleteRequest(request, outcome, error, retryAfter, null, null, 0, default)]);

    private bool HasServiceableVehicle() => _vehicles.Values.Any(v => VehicleFilter.IsServiceable(v, _unserviceable.Keys));

    private TimeSpan? FleetService(ArtifactHash model) =>
        _fleetServiceMs.TryGetValue(model, out var ms) ? TimeSpan.FromMilliseconds(ms) : null;
}
