using Mesh.Messages;

namespace Mesh.Seed.Routing;

// The other half: how each event changes the state. Nothing here decides.
public sealed partial class RouterState
{
    public void Apply(IRouterStateEvent change)
    {
        switch (change)
        {
            case StreamOpened opened: Opened(opened); break;
            case StreamClosed closed: Closed(closed); break;
            case LoadChanged changed: Changed(changed); break;
            case RoundTripMeasured measured: _fleet.RoundTripMeasured(measured); break;
            case MemberChanged member: _fleet.MemberChanged(member); break;
            case RecordsLearned learned: _fleet.Learned(learned); break;
            case SeedLeaving: _leaving = true; break;
            case RequestQueued queued: Queued(queued); break;
            case AttemptStarted started: Started(started); break;
            case AttemptEnded ended: Ended(ended); break;
            case HedgePutOff putOff: PlanHedge(_requests[putOff.Request], putOff.At); break;
            case RequestEndangered endangered: Endangered(endangered); break;
            case PatienceRenewed renewed: BePatient(_requests[renewed.Request], renewed.Until); break;
            case RequestClosed closed: Closed(closed); break;
            case WarmingStarted warming: Warming(warming); break;
            case WarmingsForgotten forgotten: Forgotten(forgotten); break;
            default: throw new ArgumentOutOfRangeException(nameof(change), change, "The router knows no such event.");
        }
    }

    private void Opened(StreamOpened opened)
    {
        if (_fleet.Vehicles.TryGetValue(opened.Vehicle, out var former))
            Closed(new StreamClosed(former.Stream) { At = opened.At });
        _fleet.Opened(opened);
        _slots += SlotsOf(opened.Load);
    }

    private void Closed(StreamClosed closed)
    {
        if (_fleet.Closed(closed.Stream) is not { } vehicle)
            return;
        _slots -= SlotsOf(vehicle.Load);
        foreach (var attempt in vehicle.Outstanding)
        {
            if (!_requests.TryGetValue(attempt.Request, out var request))
                continue;
            _history?.Lost(attempt, closed.At);
            Unanswered(request, attempt, vehicle.Id);
        }
    }

    private void Changed(LoadChanged changed)
    {
        _slots += SlotsOf(changed.Load) - SlotsOf(_fleet.Find(changed.Stream)!.Load);
        _fleet.LoadChanged(changed);
    }

    private void Queued(RequestQueued queued)
    {
        var request = new RoutedRequest(queued);
        _requests.Add(request.Id, request);
        _history?.Queued(queued);
        _waiting.Enter(request);
        _deadlines.Add((request.Deadline, request.Id.Value));
        BePatient(request, queued.At + _settings.NoVehicleWait);
    }

    private void Started(AttemptStarted started)
    {
        var request = _requests[started.Attempt.Request];
        if (started.Hedge)
        {
            _hedges.Hedged();
        }
        else
        {
            _waiting.Dispatch(request);
            _pace.Dispatched(started.At, _waiting.Count > 0);
            BePatient(request, null);
            if (started.Attempt.Number == 1)
                _hedges.FirstAttempt();
        }

        if (_fleet.Find(started.Stream) is { } vehicle)
            _history?.Started(started, vehicle.Id);
        request.Start(started);
        PlanHedge(request, started.HedgeAt);
        _fleet.AttemptStarted(started, request);
    }

    private void Ended(AttemptEnded ended)
    {
        var request = _requests[ended.Attempt.Request];
        var attempt = request.Find(ended.Attempt)!.Value;
        _history?.Ended(ended);
        _fleet.AttemptEnded(ended, request);
        if (ended.End == AttemptEnd.Failed)
        {
            request.FailedAttempts++;
            if (request.Work is null && !attempt.Hedge)
                _answers.GivenUp(request.Model.Hash, ended.At - attempt.At);
        }

        if (ended.End == AttemptEnd.Answered && request.Work is null && !attempt.Hedge)
            _answers.Answered(request.Model.Hash, ended.At - attempt.At);
        if (ended.End is AttemptEnd.Answered or AttemptEnd.Refused)
            request.IsSettled = true;
        Unanswered(request, ended.Attempt, _fleet.Find(ended.Stream)?.Id);
    }

    /// <summary>The attempt is out no more. Without another one the request waits again, unless this one settled it.</summary>
    private void Unanswered(RoutedRequest request, AttemptId attempt, VehicleId? tried)
    {
        request.End(attempt);
        if (tried is { } vehicle)
            request.Tried.Add(vehicle);
        if (!request.IsWaiting)
            return;
        PlanHedge(request, null);
        // In this order, so that a client with nothing else here is not forgotten in between.
        _waiting.Enter(request);
        _waiting.Release(request);
    }

    private void Endangered(RequestEndangered endangered)
    {
        var request = _requests[endangered.Request];
        request.Endangered = true;
        PlanHedge(request, endangered.At);
    }

    private void Closed(RequestClosed closed)
    {
        if (!_requests.Remove(closed.Request, out var request))
            return;
        _history?.Closed(closed, request);
        if (request.IsWaiting)
            _waiting.Leave(request);
        else
            _waiting.Release(request);
        foreach (var running in request.Running)
        {
            _fleet.AttemptDropped(running.Attempt, running.Stream);
            if (request.Work is null && !running.Hedge)
                _answers.GivenUp(request.Model.Hash, closed.At - running.At);
        }

        _deadlines.Remove((request.Deadline, request.Id.Value));
        BePatient(request, null);
        PlanHedge(request, null);
    }

    private void Warming(WarmingStarted warming)
    {
        _fleet.WarmingStarted(warming);
        _warmings.Enqueue((warming.At + _settings.WarmingLimit, warming.Stream, warming.Hash));
    }

    private void Forgotten(WarmingsForgotten forgotten)
    {
        for (var i = 0; i < forgotten.Count; i++)
        {
            var (_, stream, model) = _warmings.Dequeue();
            _fleet.WarmingForgotten(stream, model);
        }
    }

    private void PlanHedge(RoutedRequest request, TimeSpan? at)
    {
        if (request.HedgeAt is { } former)
            _hedgeTimes.Remove((former, request.Id.Value));
        request.HedgeAt = at;
        if (at is { } planned)
            _hedgeTimes.Add((planned, request.Id.Value));
    }

    /// <param name="until">Null = its first vehicle is found, or it is closed.</param>
    private void BePatient(RoutedRequest request, TimeSpan? until)
    {
        var times = request.HasRadius ? _radiusPatience : _patience;
        times.Remove((request.PatientUntil, request.Id.Value));
        if (until is not { } at)
            return;
        request.PatientUntil = at;
        times.Add((at, request.Id.Value));
    }

    private static int SlotsOf(VehicleLoad load) => load.Draining ? 0 : Math.Max(0, load.Threads);
}
