using Mesh.Seed.Routing;

namespace Mesh.Benchmarks.FleetLife;

/// <summary>All that a run of the fleet measured.</summary>
/// <param name="Joins">From when a car's policy allowed work until the seed could send it.</param>
internal sealed record FleetResult(
    TimeSpan Length,
    IReadOnlyList<RequestEnd> Ends,
    IReadOnlyList<Departure> Departures,
    IReadOnlyList<Redispatch> Redispatches,
    IReadOnlyList<TimeSpan> Joins)
{
    /// <summary>Between the router's decision by the deadline and the client's own clock.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(100);

    public IEnumerable<RequestEnd> Answered => Ends.Where(end => end.Outcome == RequestOutcome.Ok);

    /// <summary>Answered after the deadline.</summary>
    public IEnumerable<RequestEnd> Late => Answered.Where(end => end.Took > FleetLoad.Budget + Slack);

    public IEnumerable<RequestEnd> Wrong => Answered.Where(end => !end.Right);

    /// <summary>Neither answered nor refused.</summary>
    public IEnumerable<RequestEnd> Lost => Ends.Where(end => end.Outcome is null);

    /// <summary>Told that it cannot be done now, with a reason: no room, no car, no time.</summary>
    public IEnumerable<RequestEnd> Refused => Ends.Where(end =>
        end.Outcome is RequestOutcome.Overloaded or RequestOutcome.Unavailable or RequestOutcome.DeadlineExceeded && end.Error.Length > 0);

    /// <summary>Ended in any other way: there is no excuse for that.</summary>
    public IEnumerable<RequestEnd> Failed => Ends.Except(Answered).Except(Lost).Except(Refused);

    /// <summary>Departures of cars that were being given work.</summary>
    public IEnumerable<Departure> Of(DepartureStyle style) => Departures.Where(departure => departure.Style == style && departure.WasServing);

    /// <summary>How long the processor took to be free, where something was on it.</summary>
    public IEnumerable<TimeSpan> Freed(DepartureStyle style) =>
        Of(style).Where(departure => departure.Met > 0).Select(departure => departure.Freed).OfType<TimeSpan>();

    public IEnumerable<TimeSpan> RedispatchedAfter(DepartureStyle style) => Redispatches.Where(one => one.Style == style).Select(one => one.After);
}
