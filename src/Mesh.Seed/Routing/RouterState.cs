using Mesh.Messages;
using Mesh.Seed.Batches;
using Mesh.Seed.Routing.Choice;

namespace Mesh.Seed.Routing;

/// <summary>
/// Everything the router decides on: vehicles, open requests and (in RouterState.Fleet.cs) what lasts about vehicles.
/// Pure and deterministic: <see cref="Decide"/> reads, <see cref="Apply"/> changes, time and randomness are arguments.
/// The Dispatcher of each seed runs requests through one; the JobRouter keeps the lasting part in another.
/// </summary>
public sealed partial class RouterState
{
    private readonly RouterSettings _settings;
    private readonly Fleet _fleet;
    private readonly Dictionary<RequestId, RoutedRequest> _requests = [];
    private readonly SortedSet<(uint Rank, TimeSpan Deadline, ulong Id)> _waiting = [];
    private readonly SortedSet<(TimeSpan Deadline, ulong Id)> _deadlines = [];
    private bool _leaving;

    /// <param name="place">Of the seed.</param>
    /// <param name="choice">Null = the one that the mesh runs with.</param>
    public RouterState(RouterSettings settings, GeoPoint place, IVehicleChoice? choice = null)
    {
        _settings = settings;
        _fleet = new Fleet(settings, place, choice ?? new BestExpectedCompletion());
        _desk = new BatchDesk(_book, _fleet, settings.Batches);
    }

    public Fleet Fleet => _fleet;

    public IReadOnlyDictionary<VehicleId, RoutedVehicle> Vehicles => _fleet.Vehicles;

    public IReadOnlyDictionary<RequestId, RoutedRequest> Requests => _requests;

    public int Waiting => _waiting.Count;

    public RoutedVehicle? Find(StreamId stream) => _fleet.Find(stream);

    /// <summary>When <see cref="Tick"/> has something to do next; null while there is nothing.</summary>
    public TimeSpan? NextWake(TimeSpan now)
    {
        if (_deadlines.Count == 0)
            return null;
        var wake = _deadlines.Min.Deadline;
        if (_waiting.Count == 0)
            return wake;
        var busy = _fleet.NextRetry(now) ?? wake;
        var patience = _fleet.HasServiceable()
            ? wake
            : _waiting.Select(w => _requests[new RequestId(w.Id)]).Where(r => r.Attempts == 0)
                .Select(r => r.WaitingSince!.Value + _settings.NoVehicleWait).DefaultIfEmpty(wake).Min();
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
        StreamClosed closed => IsOpen(closed.Stream) ? RouterDecision.Of(closed) : RouterDecision.Nothing,
        LoadChanged changed => IsOpen(changed.Stream) ? RouterDecision.Of(changed) : RouterDecision.Nothing,
        RoundTripMeasured trip => IsOpen(trip.Stream) ? RouterDecision.Of(trip) : RouterDecision.Nothing,
        IRouterStateEvent fact => RouterDecision.Of(fact),
        _ => throw new ArgumentOutOfRangeException(nameof(command), command, "The router knows no such command."),
    };

    private RouterDecision DecideSubmit(SubmitRequest submit, TimeSpan now)
    {
        if (_leaving)
            return Refuse(submit.Request, RequestOutcome.Unavailable, "this seed is leaving its region", TimeSpan.FromSeconds(1));
        if (submit.Deadline <= now)
            return Refuse(submit.Request, RequestOutcome.DeadlineExceeded, "the deadline has passed", null);
        if (_waiting.Count >= _settings.MaxWaiting)
        {
            return Refuse(
                submit.Request,
                RequestOutcome.Overloaded,
                $"{_waiting.Count} requests already wait for a vehicle at this seed, as many as may",
                TimeSpan.FromSeconds(1));
        }

        if (_fleet.LeastTime(submit.Model.Hash) is { } least && now + least > submit.Deadline)
        {
            return Refuse(
                submit.Request,
                RequestOutcome.DeadlineExceeded,
                $"no vehicle answers {submit.Model} in less than {least.TotalMilliseconds:0.###} ms, more than the timeout leaves",
                null);
        }

        return RouterDecision.Of(
            new RequestQueued(submit.Request, submit.Model, submit.PayloadBytes, submit.Deadline, submit.Priority, now)
            {
                Origin = submit.Origin,
                MaxDistanceKm = submit.MaxDistanceKm,
                Client = submit.Client,
                Work = submit.Work,
            });
    }

    private RouterDecision DecideDispatch(TimeSpan now, Random random)
    {
        foreach (var (_, _, id) in _waiting)
        {
            var request = _requests[new RequestId(id)];
            if (request.Attempts == AttemptId.MaxNumber)
                return CloseUnanswered(request, RequestOutcome.Failed, $"{request.Attempts} attempts were handed back or lost", null);
            if (_fleet.Choose(QueryOf(request), now, random) is not { } vehicle)
            {
                // Any vehicle may take any request, so when this one finds no room the next one will not either.
                return RouterDecision.Nothing;
            }

            var attempt = AttemptId.Of(request.Id, request.Attempts + 1);
            var events = new List<IRouterStateEvent> { new AttemptStarted(attempt, vehicle.Stream, now) };
            var effects = new List<IRouterEffect> { new SendAttempt(attempt, vehicle.Stream) };
            foreach (var warm in _fleet.ToWarm(request.Model, vehicle))
            {
                events.Add(new WarmingStarted(warm.Stream, request.Model.Hash));
                effects.Add(new WarmModel(warm.Stream, request.Model));
            }

            return new RouterDecision(events, effects);
        }

        return RouterDecision.Nothing;
    }

    private RouterDecision DecideReported(AttemptReported reported, TimeSpan now)
    {
        // Late (its request is closed or has moved on) or not asked of this stream: it changes nothing.
        if (!_requests.TryGetValue(reported.Attempt.Request, out var request)
            || request.Running != (reported.Attempt, reported.Stream)
            || _fleet.Find(reported.Stream) is not { } vehicle)
            return RouterDecision.Nothing;
        return reported.Outcome switch
        {
            AttemptOutcome.Ok => Close(request, AttemptEnd.Answered, RequestOutcome.Ok, ""),
            AttemptOutcome.Invalid => Close(request, AttemptEnd.Answered, RequestOutcome.Invalid, reported.Error),
            AttemptOutcome.Expired => Close(request, AttemptEnd.Returned, RequestOutcome.DeadlineExceeded, "the deadline passed in the vehicle's queue"),
            AttemptOutcome.Failed or AttemptOutcome.Unknown when request.FailedAttempts + 1 >= _settings.MaxFailedAttempts =>
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
        if (!_fleet.HasServiceable())
        {
            closings.AddRange(_waiting.Select(waiting => _requests[new RequestId(waiting.Id)])
                .Where(request => request.Deadline > now && request.Attempts == 0 && request.WaitingSince + _settings.NoVehicleWait <= now)
                .Select(request => CloseUnanswered(
                    request, RequestOutcome.Unavailable, "no vehicle is there to take the request", _settings.NoVehicleWait)));
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

    private ChoiceQuery QueryOf(RoutedRequest request) => new(
        request.Model, request.PayloadBytes, request.Origin ?? _fleet.Place, request.MaxDistanceKm, request.Work, request.Tried);

    private bool IsOpen(StreamId stream) => _fleet.Find(stream) is not null;
}
