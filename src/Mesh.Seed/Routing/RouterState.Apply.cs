using Mesh.Messages;
using Mesh.Messages.Control;

namespace Mesh.Seed.Routing;

// The other half: how each event changes the state. Nothing here decides.
public sealed partial class RouterState
{
    private const double FleetAlpha = 0.1;

    /// <summary>Weight of one attempt in the fleet's share of misses: the last few hundred count.</summary>
    private const double MissAlpha = 0.005;

    public void Apply(IRouterStateEvent change)
    {
        switch (change)
        {
            case StreamOpened opened: Opened(opened); break;
            case StreamClosed closed: Closed(closed); break;
            case LoadChanged changed: LoadOf(_streams[changed.Stream], changed.Load); break;
            case RoundTripMeasured measured: _streams[measured.Stream].RoundTripMeasured(measured.RoundTrip); break;
            case MemberChanged member: Serviceability(member); break;
            case RecordsLearned learned: Learn(learned.Records); break;
            case SeedLeaving: _leaving = true; break;
            case RequestQueued queued: Queued(queued); break;
            case AttemptStarted started: Started(started); break;
            case AttemptEnded ended: Ended(ended); break;
            case RequestClosed closed: Closed(closed); break;
            case WarmingStarted warming: _streams[warming.Stream].Warming.Add(warming.Hash); break;
            default: throw new ArgumentOutOfRangeException(nameof(change), change, "The router knows no such event.");
        }
    }

    private void Opened(StreamOpened opened)
    {
        if (_vehicles.TryGetValue(opened.Vehicle, out var former))
            Closed(new StreamClosed(former.Stream));
        var vehicle = new RoutedVehicle(opened);
        _vehicles[opened.Vehicle] = vehicle;
        _streams[opened.Stream] = vehicle;
    }

    private void Closed(StreamClosed closed)
    {
        if (!_streams.Remove(closed.Stream, out var vehicle))
            return;
        _vehicles.Remove(vehicle.Id);
        foreach (var attempt in vehicle.Outstanding)
        {
            _fleetMiss += (1 - _fleetMiss) * MissAlpha;
            if (_requests.TryGetValue(attempt.Request, out var request) && request.Running?.Attempt == attempt)
                WaitAgain(request, vehicle.Id, null);
        }
    }

    private static void LoadOf(RoutedVehicle vehicle, VehicleLoad load)
    {
        vehicle.Load = load;
        vehicle.Warming.ExceptWith(load.Loaded);
    }

    private void Serviceability(MemberChanged member)
    {
        if (member.Serviceable)
        {
            _unserviceable.Remove(member.Member);
            return;
        }

        if (_unserviceable.TryAdd(member.Member, true) && _unserviceable.Count > MaxUnserviceable)
            _unserviceable.RemoveAt(0);
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
        _streams[started.Stream].Outstanding.Add(started.Attempt);
    }

    private void Ended(AttemptEnded ended)
    {
        var request = _requests[ended.Attempt.Request];
        if (_streams.TryGetValue(ended.Stream, out var vehicle))
        {
            vehicle.AttemptEnded(ended, request.Model.Hash, FleetService(request.Model.Hash), settings);
        }

        if (ended.End is AttemptEnd.Answered or AttemptEnd.Failed)
            _fleetMiss += ((ended.End == AttemptEnd.Failed ? 1 : 0) - _fleetMiss) * MissAlpha;
        if (ended.End == AttemptEnd.Answered)
        {
            var sample = ended.Timings.Infer.TotalMilliseconds;
            var hash = request.Model.Hash;
            _fleetServiceMs[hash] = _fleetServiceMs.TryGetValue(hash, out var average) ? average + (sample - average) * FleetAlpha : sample;
        }

        if (ended.End == AttemptEnd.Failed)
            request.FailedAttempts++;
        WaitAgain(request, vehicle?.Id, ended.At);
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
        if (request.Running is { } running && _streams.TryGetValue(running.Stream, out var vehicle))
            vehicle.Outstanding.Remove(running.Attempt);
    }

    private static (uint Rank, TimeSpan Deadline, ulong Id) WaitKey(RoutedRequest request) =>
        (request.Priority == 0 ? uint.MaxValue : request.Priority, request.Deadline, request.Id.Value);
}
