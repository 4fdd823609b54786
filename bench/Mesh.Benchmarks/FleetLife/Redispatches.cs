using System.Diagnostics;
using Mesh.Messages;
using Mesh.Seed.Routing;

namespace Mesh.Benchmarks.FleetLife;

/// <summary>A request that a departure took from its car went to another.</summary>
/// <param name="After">From the departure's begin until the next attempt went out.</param>
internal sealed record Redispatch(DepartureStyle Style, TimeSpan After);

/// <summary>Finds the requests that departures took from their cars, and when each went to another. Pure.</summary>
/// <param name="vehicleOf">Whose stream it is or was.</param>
internal sealed class Redispatches(IReadOnlyList<Departure> departures, IReadOnlyList<StreamEnded> ended, Func<StreamId, VehicleId> vehicleOf)
{
    /// <summary>What happens later has nothing to do with a departure.</summary>
    private static readonly TimeSpan Reach = TimeSpan.FromSeconds(10);

    /// <summary>Requests that had another attempt out when the departure began, or ended without one, are left out.</summary>
    public IReadOnlyList<Redispatch> Of(IEnumerable<Journey> journeys) => [.. journeys.SelectMany(Of)];

    private IEnumerable<Redispatch> Of(Journey journey)
    {
        var sent = journey.Sent;
        for (var attempt = 1; sent.Count > 1 && attempt <= sent.Count; attempt++)
        {
            if (TakenBy(journey, sent, attempt) is not { } departure)
                continue;
            var begin = Math.Max(departure.At, sent[attempt - 1]);
            var others = Enumerable.Range(1, sent.Count).Where(other => other != attempt).ToList();
            var hadAnother = others.Exists(other => sent[other - 1] <= begin && !(journey.Back(other)?.At <= begin));
            var next = others.Select(other => sent[other - 1]).Where(at => at > begin).Order().FirstOrDefault();
            if (!hadAnother && next != 0)
                yield return new Redispatch(departure.Style, Stopwatch.GetElapsedTime(departure.At, next));
        }
    }

    /// <summary>The departure because of which its car handed the attempt back, or the attempt was lost; null: there is none.</summary>
    private Departure? TakenBy(Journey journey, IReadOnlyList<long> sent, int attempt)
    {
        var (at, back) = (sent[attempt - 1], journey.Back(attempt));
        if (back is { Outcome: AttemptOutcome.HandedBack })
            return DepartureOf(vehicleOf(back.Stream), back.At);
        if (back is not null)
            return null;
        // Whatever a car still says, it says: what nothing came back of was lost with its stream, whose end the Dispatcher hears
        // of right before it sends the attempt to another. After a hedge nothing is sent then, and only cars that vanish lose much.
        var lost = journey.Hedged
            ? ended.Where(end => end.At >= at && DepartureOf(end)?.Style == DepartureStyle.Vanished).MinBy(end => end.At)
            : ended.Where(end => end.At >= at && attempt < sent.Count && end.At <= sent[attempt]).MaxBy(end => end.At);
        return lost is null ? null : DepartureOf(lost);
    }

    private Departure? DepartureOf(StreamEnded end) => DepartureOf(end.Vehicle, end.At);

    /// <summary>The car's last departure before a moment.</summary>
    private Departure? DepartureOf(VehicleId car, long moment) => departures
        .Where(departure => departure.Car == car && departure.WasServing && departure.At <= moment)
        .Where(departure => Stopwatch.GetElapsedTime(departure.At, moment) < Reach)
        .MaxBy(departure => departure.At);
}
