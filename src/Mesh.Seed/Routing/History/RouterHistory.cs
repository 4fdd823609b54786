using System.Collections.Immutable;
using Mesh.Messages;
using Mesh.Messages.Control;

namespace Mesh.Seed.Routing.History;

/// <summary>
/// What happened lately at one router, for operators who ask why. Nothing decides by it. Pure; owned by the Dispatcher like its
/// <see cref="RouterState"/>. The places of its last requests are made once and used again, so that keeping them allocates
/// nothing on a request's way.
/// </summary>
public sealed class RouterHistory
{
    /// <summary>Requests whose course is kept; numbers are given out in order, so the last so many.</summary>
    public const int KeptRequests = 1024;

    private readonly RequestTrace[] _requests = [.. Enumerable.Range(0, KeptRequests).Select(_ => new RequestTrace())];

    public RecentAnswers Recent { get; } = new();

    public DepartureBook Departures { get; } = new();

    /// <summary>Filled by each choice of the router's fleet.</summary>
    internal ChoiceTrace Choice { get; } = new();

    /// <summary>Null when it is not kept, or not any more.</summary>
    public RequestReport? Find(RequestId request) => TraceOf(request)?.ToReport();

    /// <summary>Requests that gave themselves this id, the newest first; clients may use one twice.</summary>
    public ImmutableArray<RequestId> FindByClient(string clientRequest) =>
    [
        .. _requests.Where(trace => trace.Id != 0 && trace.ClientRequest == clientRequest)
            .Select(trace => new RequestId(trace.Id)).OrderByDescending(id => id.Value),
    ];

    /// <summary>Requests that ended, the newest first.</summary>
    public IEnumerable<RequestReport> Ended(int limit) =>
        _requests.Where(trace => trace.EndedAt is not null).OrderByDescending(trace => trace.Id).Take(limit).Select(trace => trace.ToReport());

    /// <summary>Everybody who waits was told that this seed lost them.</summary>
    public void Abandon(string error, TimeSpan now)
    {
        foreach (var trace in _requests.Where(trace => trace.Id != 0 && trace.EndedAt is null))
            trace.Close(RequestOutcome.Unavailable, error, now);
    }

    internal void Queued(RequestQueued queued) => _requests[queued.Request.Value % KeptRequests].Begin(queued);

    /// <summary>It never came to be queued.</summary>
    internal void Refused(RequestQueued refused, RequestOutcome outcome, string error)
    {
        Queued(refused);
        TraceOf(refused.Request)?.Close(outcome, error, refused.At);
        Recent.Ended(outcome, refused: true, TimeSpan.Zero, refused.At);
    }

    internal void Decided(RequestId request, RoutedVehicle? chosen, bool hedge, TimeSpan at) =>
        TraceOf(request)?.Decided(chosen?.Id, hedge, Choice, at);

    internal void Started(AttemptStarted started, VehicleId vehicle)
    {
        TraceOf(started.Attempt.Request)?.Started(started.Attempt, vehicle, started.Hedge, started.At);
        Recent.Attempted(started.Hedge, retry: !started.Hedge && started.Attempt.Number > 1, started.At);
    }

    internal void Ended(AttemptEnded ended)
    {
        TraceOf(ended.Attempt.Request)?.Ended(ended.Attempt, ended.End, ended.Timings, ended.Error, ended.At);
        Recent.Spent(ended.Timings.EnergyUj, ended.At);
    }

    /// <summary>Its vehicle's stream ended with it.</summary>
    internal void Lost(AttemptId attempt, TimeSpan at) => TraceOf(attempt.Request)?.Ended(attempt, AttemptEnd.Lost, default, "", at);

    internal void Closed(RequestClosed closed, RoutedRequest request)
    {
        TraceOf(closed.Request)?.Close(closed.Outcome, closed.Error, closed.At);
        Recent.Ended(closed.Outcome, closed.Refused, closed.At - request.QueuedAt, closed.At);
    }

    private RequestTrace? TraceOf(RequestId request) =>
        _requests[request.Value % KeptRequests] is var trace && trace.Id == request.Value && request.Value != 0 ? trace : null;
}
