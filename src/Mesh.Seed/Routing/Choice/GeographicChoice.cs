using Mesh.Messages;
using Mesh.Seed.Routing.Policies;

namespace Mesh.Seed.Routing.Choice;

/// <summary>
/// The vehicle with the least expected time to a good answer among a bounded number of candidates: those near the client
/// that have the model loaded, idle ones before others, then those that would have to load it. So a decision costs the same
/// in a fleet of any size; one no larger than the bound is examined as a whole. Allocates nothing.
/// </summary>
public sealed class GeographicChoice : IVehicleChoice
{
    /// <summary>
    /// The most vehicles that one choice examines for a request at first; where none of them may take it, as many twice more
    /// that are sure to have the hardware and memory, and <see cref="MaxAside"/> of the full and of those that failed.
    /// </summary>
    public const int MaxExamined = 16;

    /// <summary>And for a work unit: it runs for seconds, and which vehicle it is matters more than which is near.</summary>
    public const int MaxExaminedForWork = 64;

    /// <summary>Looked at of the vehicles without room, and of those whose circuit is open, when no other takes the work.</summary>
    public const int MaxAside = 16;

    private readonly IndexEntry?[] _found = new IndexEntry?[MaxExaminedForWork];

    /// <summary>Vehicles that the last choice looked at.</summary>
    public int Examined { get; private set; }

    public RoutedVehicle? Choose(Fleet fleet, in ChoiceQuery query, TimeSpan now, Random random)
    {
        var all = fleet.Takers.Count <= Most(query);
        var count = all ? fleet.Takers.Walk(default, _found.AsSpan(0, Most(query)), Most(query), random) : Gather(fleet, query, query.Tried, random);
        Examined = count;
        var best = Best(fleet, _found.AsSpan(0, count), query, now, random);
        if (best is null && !all)
            best = BestFitting(fleet, query, query.Tried, now, random);
        // Those that had it are taken only where nobody else is.
        if (best is null && !all && query.Tried.Count > 0)
            best = BestFitting(fleet, query, null, now, random);
        return best ?? LeastBad(fleet, query, now, random);
    }

    private static int Most(in ChoiceQuery query) => query.Work is null ? MaxExamined : MaxExaminedForWork;

    /// <summary>Nobody among the first ones may take it: who is sure to have the hardware and the memory.</summary>
    private RoutedVehicle? BestFitting(Fleet fleet, in ChoiceQuery query, IReadOnlySet<VehicleId>? without, TimeSpan now, Random random)
    {
        // One that has the model has shown that it fits; in the second round, holders that had the work are met here only.
        var found = _found.AsSpan(0, Most(query));
        var count = fleet.ModelOf(query.Model.Hash)?.Holders.Walk(GeoCell.Of(query.Origin), found[..(found.Length / 4)], found.Length / 4, random, without) ?? 0;
        count += fleet.WalkFitting(query.Model, GeoCell.Of(query.Origin), found[count..], random, without);
        Examined += count;
        return Best(fleet, found[..count], query, now, random);
    }

    private int Gather(Fleet fleet, in ChoiceQuery query, IReadOnlySet<VehicleId> without, Random random)
    {
        var found = _found.AsSpan(0, Most(query));
        var origin = GeoCell.Of(query.Origin);
        var model = fleet.ModelOf(query.Model.Hash);
        // A few are kept for vehicles that have not got the model, and some for busy ones, in case that all others are swamped.
        var count = model?.Holders.Walk(origin, found[..(found.Length * 7 / 8)], found.Length * 5 / 8, random, without) ?? 0;
        if (query.Model.DeviceClasses.Length == 0)
            return count + Cold(fleet.Takers, model, found[count..], origin, random, without);
        var demanded = query.Model.DeviceClasses.AsSpan();
        foreach (var range in demanded.Split(','))
        {
            if (fleet.TakersOf(demanded[range].Trim()) is { } takers)
                count += Cold(takers, model, found[count..], origin, random, without);
        }

        return count;
    }

    /// <summary>Adds those that would have to load the model; the others had their turn.</summary>
    private static int Cold(
        GeoIndex takers, RoutedModel? model, Span<IndexEntry?> found, GeoCell origin, Random random, IReadOnlySet<VehicleId> without)
    {
        var met = takers.Walk(origin, found, found.Length / 2, random, without);
        var kept = 0;
        for (var i = 0; i < met; i++)
        {
            if (found[i]!.Vehicle.Find(model) is not { Loaded: true })
                found[kept++] = found[i];
        }

        return kept;
    }

    private static RoutedVehicle? Best(Fleet fleet, ReadOnlySpan<IndexEntry?> candidates, in ChoiceQuery query, TimeSpan now, Random random)
    {
        // One short loop over all of them first, so that their cache misses overlap instead of each score waiting for its own.
        var threads = 0;
        foreach (var candidate in candidates)
            threads += candidate!.Vehicle.Facts.Threads;
        if (threads == 0)
            return null;
        var scoring = fleet.ScoringOf(query, now);
        RoutedVehicle? best = null;
        var (bestTried, bestScore, ties) = (true, double.MaxValue, 0);
        foreach (var candidate in candidates)
        {
            // An entry among the model's holders is all that there is to know of the model there.
            var vehicle = candidate!.Vehicle;
            var here = candidate as ModelOnVehicle ?? vehicle.Find(scoring.Model);
            if (!VehicleFilter.Suits(vehicle, here, query, fleet.Settings))
            {
                fleet.Trace?.Unsuited(vehicle, here, query, fleet.Settings);
                continue;
            }

            var tried = query.Tried.Count > 0 && query.Tried.Contains(vehicle.Id);
            if (tried && !bestTried)
            {
                fleet.Trace?.PassedOver(vehicle, here is { Loaded: true });
                continue;
            }

            var score = scoring.Score(vehicle, here);
            fleet.Trace?.Scored(vehicle, score, here is { Loaded: true }, tried);
            if (best is null || (!tried && bestTried) || score < bestScore)
                (best, bestTried, bestScore, ties) = (vehicle, tried, score, 1);
            else if (score == bestScore && random.Next(++ties) == 0)
                best = vehicle;
        }

        return best;
    }

    /// <summary>
    /// Nobody else takes it: of those whose circuit is open, the one with the fewest failures in a row. Null while the others
    /// merely have no room, for that passes.
    /// </summary>
    private RoutedVehicle? LeastBad(Fleet fleet, in ChoiceQuery query, TimeSpan now, Random random)
    {
        var tripped = fleet.Tripped;
        if (tripped.Count == 0 || IsWorthWaiting(fleet, query, random))
            return null;
        var examined = Math.Min(tripped.Count, MaxAside);
        var at = tripped.Count > examined ? random.Next(tripped.Count) : 0;
        RoutedVehicle? best = null;
        for (var i = 0; i < examined; i++, at = at + 1 == tripped.Count ? 0 : at + 1)
        {
            var vehicle = tripped[at];
            fleet.Trace?.LeastBad(vehicle);
            if (RoomPolicy.Allows(vehicle, now) && VehicleFilter.Suits(vehicle, vehicle.Find(fleet.ModelOf(query.Model.Hash)), query, fleet.Settings)
                && (best is null || vehicle.Circuit.Failures < best.Circuit.Failures))
                best = vehicle;
        }

        Examined += examined;
        return best;
    }

    /// <summary>Whether a vehicle that would suit merely has no room, as far as a bounded look tells.</summary>
    private bool IsWorthWaiting(Fleet fleet, in ChoiceQuery query, Random random)
    {
        var full = fleet.Full;
        var model = fleet.ModelOf(query.Model.Hash);
        var looks = Math.Min(full.Count, MaxAside);
        var at = full.Count > looks ? random.Next(full.Count) : 0;
        for (var i = 0; i < looks; i++, at = at + 1 == full.Count ? 0 : at + 1)
        {
            Examined++;
            if (VehicleFilter.Suits(full[at], full[at].Find(model), query, fleet.Settings))
                return true;
        }

        return false;
    }
}
