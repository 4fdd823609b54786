using Mesh.Messages;
using Mesh.Seed.Routing.Choice;
using Mesh.Seed.Routing.Queueing;

namespace Mesh.Seed.Routing;

// Who gets a vehicle next: the waiting in their order, then hedges that are due.
public sealed partial class RouterState
{
    /// <summary>A hedge that cannot be started is tried again after the time that its attempt has been out, or this.</summary>
    private static readonly TimeSpan LeastPutOff = TimeSpan.FromMilliseconds(5);

    /// <summary>A vehicle whose chance to stay until it has answered is below this is not waited for.</summary>
    private const double LikelyToLeave = 0.5;

    private RouterDecision DecideDispatch(TimeSpan now, Random random)
    {
        if (_warmings.TryPeek(out var oldest) && oldest.Until <= now)
            return RouterDecision.Of(new WarmingsForgotten(_warmings.TakeWhile(warming => warming.Until <= now).Count()));
        if (_waiting.Count > 0 && Assign(now, random) is { } assigned)
            return assigned;
        return _hedgeTimes.Count > 0 && _hedgeTimes.Min.At <= now
            ? Hedge(_requests[new RequestId(_hedgeTimes.Min.Id)], now, random)
            : RouterDecision.Nothing;
    }

    private RouterDecision? Assign(TimeSpan now, Random random)
    {
        var looks = new FailedLooks();
        foreach (var id in _waiting.Candidates())
        {
            var request = _requests[id];
            if (request.Attempts == AttemptId.MaxNumber)
                return CloseUnanswered(request, RequestOutcome.Failed, $"{request.Attempts} attempts were handed back or lost", now);
            if (looks.RuleOut(request))
                continue;
            var chosen = _fleet.Choose(QueryOf(request, request.Tried), now, random);
            _history?.Decided(request.Id, chosen, hedge: false, now);
            if (chosen is { } vehicle)
                return Start(request, vehicle, new AttemptStarted(NextAttempt(request), vehicle.Stream, now) { HedgeAt = HedgeTime(request, vehicle, now) });
            looks.Failed(request);
        }

        return null;
    }

    private RouterDecision Start(RoutedRequest request, RoutedVehicle vehicle, AttemptStarted started)
    {
        var events = new List<IRouterStateEvent> { started };
        var effects = new List<IRouterEffect> { new SendAttempt(started.Attempt, started.Stream) { Hedge = started.Hedge } };
        foreach (var warm in _fleet.ToWarm(request.Model, vehicle))
        {
            events.Add(new WarmingStarted(warm.Stream, request.Model.Hash, started.At));
            effects.Add(new WarmModel(warm.Stream, request.Model));
        }

        return new RouterDecision(events, effects);
    }

    private RouterDecision Hedge(RoutedRequest request, TimeSpan now, Random random)
    {
        if (_hedges.Allows && request.Attempts < AttemptId.MaxNumber && Another(request, now, random) is { } vehicle)
            return Start(request, vehicle, new AttemptStarted(NextAttempt(request), vehicle.Stream, now) { Hedge = true });
        var putOff = now + Max(now - request.Running[0].At, LeastPutOff);
        return RouterDecision.Of(new HedgePutOff(request.Id, putOff < request.Deadline ? putOff : null));
    }

    /// <summary>A vehicle that neither has nor had the request.</summary>
    private RoutedVehicle? Another(RoutedRequest request, TimeSpan now, Random random)
    {
        var had = new HashSet<VehicleId>(request.Tried);
        foreach (var running in request.Running)
        {
            if (_fleet.Find(running.Stream) is { } holder)
                had.Add(holder.Id);
        }

        var another = _fleet.Choose(QueryOf(request, had), now, random) is { } vehicle && !had.Contains(vehicle.Id) ? vehicle : null;
        _history?.Decided(request.Id, another, hedge: true, now);
        return another;
    }

    /// <summary>
    /// At once where the vehicle will rather leave than answer, as it announced or as it mostly does at this hour; else when
    /// the answer is late. Nobody waits for a long piece of work, its vehicle hands back what is done, and its time is not the
    /// model's: no hedge.
    /// </summary>
    private TimeSpan? HedgeTime(RoutedRequest request, RoutedVehicle vehicle, TimeSpan now)
    {
        if (request.Work is not null || _hedges.IsOff)
            return null;
        var late = _answers.P95(request.Model.Hash);
        if (_fleet.Stay(vehicle, now, late ?? OneRun(request)) < LikelyToLeave)
            return now;
        return now + late < request.Deadline ? now + late : null;
    }

    private RouterDecision DecideLoad(LoadChanged changed, TimeSpan now)
    {
        if (_fleet.Find(changed.Stream) is not { } vehicle)
            return RouterDecision.Nothing;
        if (changed.Load.Draining)
            return Endanger(changed, vehicle.Load.Draining ? [] : [vehicle], TimeSpan.Zero, now);
        return changed.Load.LeavesIn is { } leavesIn ? Endanger(changed, [vehicle], leavesIn, now) : RouterDecision.Of(changed);
    }

    private RouterDecision DecideMember(MemberChanged member, TimeSpan now) => member.Serviceable
        ? RouterDecision.Of(member)
        : Endanger(member, _fleet.Find(member.Member) is { } vehicle ? [vehicle] : [], TimeSpan.Zero, now);

    /// <param name="leavesIn">Requests that the vehicles are not expected to answer by then become due for a hedge.</param>
    private RouterDecision Endanger(IRouterStateEvent fact, IEnumerable<RoutedVehicle> vehicles, TimeSpan leavesIn, TimeSpan now)
    {
        if (_hedges.IsOff)
            return RouterDecision.Of(fact);
        List<IRouterStateEvent> events = [fact];
        foreach (var attempt in vehicles.SelectMany(vehicle => vehicle.Outstanding))
        {
            if (_requests.TryGetValue(attempt.Request, out var request)
                && request is { Work: null, Endangered: false, Running: [var running] }
                && leavesIn <= Remaining(request, running, now))
                events.Add(new RequestEndangered(request.Id, now));
        }

        return new RouterDecision(events, []);
    }

    /// <summary>Until the attempt will probably have been answered: what the model's slow ones take, or one run more.</summary>
    private TimeSpan Remaining(RoutedRequest request, RunningAttempt running, TimeSpan now) => Max(
        running.At + (_answers.P95(request.Model.Hash) ?? TimeSpan.Zero) - now, OneRun(request));

    private TimeSpan OneRun(RoutedRequest request) => _fleet.FleetService(request.Model.Hash) ?? _settings.PriorService;

    private static AttemptId NextAttempt(RoutedRequest request) => AttemptId.Of(request.Id, request.Attempts + 1);

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private ChoiceQuery QueryOf(RoutedRequest request, IReadOnlySet<VehicleId> tried) => new(
        request.Model, request.PayloadBytes, request.Origin ?? _fleet.Place, request.MaxDistanceKm, request.Work, tried);
}
