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
            case LoadChanged changed: _fleet.LoadChanged(changed); break;
            case RoundTripMeasured measured: _fleet.RoundTripMeasured(measured); break;
            case MemberChanged member: _fleet.MemberChanged(member); break;
            case RecordsLearned learned: _fleet.Learned(learned); break;
            case SeedLeaving: _leaving = true; break;
            case RequestQueued queued: Queued(queued); break;
            case AttemptStarted started: Started(started); break;
            case AttemptEnded ended: Ended(ended); break;
            case RequestClosed closed: Closed(closed); break;
            case WarmingStarted warming: _fleet.WarmingStarted(warming); break;
            default: throw new ArgumentOutOfRangeException(nameof(change), change, "The router knows no such event.");
        }
    }

    private void Opened(StreamOpened opened)
    {
        if (_fleet.Vehicles.TryGetValue(opened.Vehicle, out var former))
            Closed(new StreamClosed(former.Stream));
        _fleet.Opened(opened);
    }

    private void Closed(StreamClosed closed)
    {
        if (_fleet.Closed(closed.Stream) is not { } vehicle)
            return;
        foreach (var attempt in vehicle.Outstanding)
        {
            if (_requests.TryGetValue(attempt.Request, out var request) && request.Running?.Attempt == attempt)
                WaitAgain(request, vehicle.Id, null);
        }
    }

    private void Queued(RequestQueued queued)
    {
        var request = new RoutedRequest(queued);
        _requests.Add(request.Id, request);
        _waiting.Add(WaitKey(request));
        _deadlines.Add((request.Deadline, request.Id.Value));
    }

    private void Started(AttemptStarted started)
    {
        var request = _requests[started.Attempt.Request];
        request.Attempts = started.Attempt.Number;
        request.Running = (started.Attempt, started.Stream);
        request.WaitingSince = null;
        _waiting.Remove(WaitKey(request));
        _fleet.AttemptStarted(started, request);
    }

    private void Ended(AttemptEnded ended)
    {
        var request = _requests[ended.Attempt.Request];
        _fleet.AttemptEnded(ended, request);
        if (ended.End == AttemptEnd.Failed)
            request.FailedAttempts++;
        WaitAgain(request, _fleet.Find(ended.Stream)?.Id, ended.At);
    }

    /// <param name="at">Null where it waits on from before: its patience counts from when it first came.</param>
    private void WaitAgain(RoutedRequest request, VehicleId? tried, TimeSpan? at)
    {
        request.Running = null;
        request.WaitingSince = at ?? TimeSpan.Zero;
        if (tried is { } vehicle)
            request.Tried.Add(vehicle);
        _waiting.Add(WaitKey(request));
    }

    private void Closed(RequestClosed closed)
    {
        if (!_requests.Remove(closed.Request, out var request))
            return;
        _waiting.Remove(WaitKey(request));
        _deadlines.Remove((request.Deadline, request.Id.Value));
        if (request.Running is { } running)
            _fleet.AttemptDropped(running.Attempt, running.Stream);
    }

    private static (uint Rank, TimeSpan Deadline, ulong Id) WaitKey(RoutedRequest request) =>
        (request.Priority == 0 ? uint.MaxValue : request.Priority, request.Deadline, request.Id.Value);
}
