using System.Collections.Immutable;
using Mesh.Messages;
using Mesh.Seed.Routing.Choice;
using Mesh.Seed.Routing.History;

namespace Mesh.Seed.Routing.Queries;

/// <summary>A request's row. Times are on the router's clock.</summary>
/// <param name="Vehicle">That has it or had it last; null = none yet.</param>
/// <param name="Outcome">Null while it is open.</param>
public sealed record RequestView(
    RequestId Request, string ClientRequest, ModelReference Model, int Level, VehicleId? Vehicle, int Attempts, bool Hedged,
    bool IsWaiting, TimeSpan Age, TimeSpan DeadlineIn, RequestOutcome? Outcome);

/// <summary>Open requests, the oldest first; with <paramref name="WithEnded"/> those that ended lately after them, the newest first.</summary>
public sealed record FindRequests(int Limit, bool WithEnded) : IRouterQuery<ImmutableArray<RequestView>>
{
    public ImmutableArray<RequestView> Answer(RouterView view)
    {
        var open = view.State.Requests.Values.OrderBy(request => request.Id.Value).Take(Limit).Select(request => Open(request, view)).ToList();
        if (WithEnded)
            open.AddRange(view.History.Ended(Limit - open.Count).Select(report => Ended(report, view.Now)));
        return [.. open];
    }

    private static RequestView Open(RoutedRequest request, RouterView view) => new(
        request.Id,
        request.ClientRequest,
        request.Model,
        request.Level,
        request.Running is [var running, ..] ? view.State.Find(running.Stream)?.Id : null,
        request.Attempts,
        request.Hedged,
        request.IsWaiting,
        view.Now - request.QueuedAt,
        request.Deadline - view.Now,
        null);

    private static RequestView Ended(RequestReport report, TimeSpan now) => new(
        report.Request,
        report.ClientRequest,
        report.Model,
        report.Level,
        report.Attempts is [.., var last] ? last.Vehicle : null,
        report.AttemptCount,
        report.Hedged,
        false,
        now - report.QueuedAt,
        report.Deadline - now,
        report.Outcome);
}

/// <summary>The course of a request, by its number here or by the id that its client gave it.</summary>
/// <param name="Request">Null = by <paramref name="ClientRequest"/>.</param>
public sealed record GetRequest(RequestId? Request, string ClientRequest) : IRouterQuery<RequestFindings>
{
    /// <summary>Vehicles name them.</summary>
    private const int MaxCodes = 16;

    /// <summary>One that is still open though its course has made way for later ones'.</summary>
    private static RequestReport? Open(RequestId id, RouterView view) => !view.State.Requests.TryGetValue(id, out var request) ? null
        : new RequestReport(id, request.ClientRequest, request.Model, request.Level, request.PayloadBytes, request.QueuedAt, request.Deadline)
        {
            Origin = request.Origin is { } origin ? GeoCell.Of(origin) : null,
            MaxDistanceKm = request.HasRadius ? request.MaxDistanceKm : null,
            AttemptCount = request.Attempts,
            Attempts =
            [
                .. request.Running.Where(running => view.State.Find(running.Stream) is not null).Select(running => new TracedAttempt(
                    running.Attempt.Number, view.State.Find(running.Stream)!.Id, running.Hedge, running.At, null, null, default, "")),
            ],
        };

    public RequestFindings Answer(RouterView view)
    {
        var same = Request is null ? view.History.FindByClient(ClientRequest) : [];
        var report = (Request ?? (same is [var newest, ..] ? newest : null)) is { } id ? view.History.Find(id) ?? Open(id, view) : null;
        var last = view.History.Ended(1).FirstOrDefault()?.Request;
        return new RequestFindings(report, [.. same.Skip(1)], last, view.Now)
        {
            Denied = report?.Decisions is [.., { Chosen: null }] ? DeniedNow(view) : [],
        };
    }

    /// <summary>Such vehicles are no candidates of any choice, which only counts them.</summary>
    private static ImmutableArray<DeniedVehicles> DeniedNow(RouterView view) =>
    [
        .. view.State.Vehicles.Values
            .SelectMany(vehicle => (vehicle.Load.Denials?.Rules ?? []).Where(rule => rule.IsAbout(batch: false)).Select(rule => rule.Code).Distinct())
            .CountBy(code => code)
            .OrderByDescending(count => count.Value).ThenBy(count => count.Key, StringComparer.Ordinal)
            .Take(MaxCodes)
            .Select(count => new DeniedVehicles(count.Key, count.Value)),
    ];
}

/// <param name="Report">Null = not known here, or not any more.</param>
/// <param name="Others">Requests of the same client's id.</param>
/// <param name="Last">The last one that ended here, for who does not know what a name looks like; null = none has.</param>
public sealed record RequestFindings(RequestReport? Report, ImmutableArray<RequestId> Others, RequestId? Last, TimeSpan Now)
{
    /// <summary>Rules that deny requests at the vehicles that are connected now; only where the request's last look was in vain.</summary>
    public ImmutableArray<DeniedVehicles> Denied { get; init; } = [];
}

/// <param name="Code">A rule's, e.g. LOW_CHARGE.</param>
/// <param name="Vehicles">Where it denies requests; one may have several rules.</param>
public sealed record DeniedVehicles(string Code, int Vehicles);
