using System.Diagnostics;
using Mesh.Messages;
using Mesh.Seed.Routing;

namespace Mesh.Benchmarks.FleetLife;

/// <summary>Finds the requests that a departure took from their car, and when each went to another. Pure.</summary>
internal static class Redispatches
{
    /// <summary>A departure has nothing to do with what happens later.</summary>
    private static readonly TimeSpan Reach = TimeSpan.FromSeconds(10);

    /// <summary>
    /// From the departure's begin until the next attempt went out, for each attempt that its car handed back or that was lost
    /// with its stream. Requests that were hedged are left out: another attempt may have gone out before.
    /// </summary>
    public static IReadOnlyList<(DepartureStyle Style, TimeSpan After)> Of(
        IEnumerable<Journey> journeys, IReadOnlyList<Departure> departures, IReadOnlyList<StreamEnded> ended, Func<StreamId, VehicleId> vehicleOf)
    {
        var found = new List<(DepartureStyle, TimeSpan)>();
        foreach (var journey in journeys.Where(journey => !journey.Hedged))
        {
            var sent = journey.Sent;
            for (var attempt = 1; attempt < sent.Count; attempt++)
            {
                var (first, next) = (sent[attempt - 1], sent[attempt]);
                var car = journey.Back(attempt) switch
                {
                    { Outcome: AttemptOutcome.HandedBack } back => vehicleOf(back.Stream),
                    // The Dispatcher hears of the end right before it sends the attempt to another.
                    null => ended.Where(end => end.At >= first && end.At <= next).MaxBy(end => end.At)?.Vehicle,
                    _ => null,
                };
                var departure = departures.Where(departure => departure.Car == car && departure.WasServing && departure.At <= next).MaxBy(departure => departure.At);
                if (departure is not null && Stopwatch.GetElapsedTime(departure.At, next) is var after && after < Reach)
                    found.Add((departure.Style, after));
            }
        }

        return found;
    }
}
