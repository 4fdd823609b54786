using Mesh.Messages;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.Choice;

namespace Mesh.Benchmarks.Policy;

/// <summary>
/// What the production choice is held against. Each chooses among the vehicles that may take work and have room, those first
/// that have not had it before; nothing else is common.
/// </summary>
internal abstract class PlainChoice : IVehicleChoice
{
    private readonly List<RoutedVehicle> _able = [];

    public RoutedVehicle? Choose(Fleet fleet, in ChoiceQuery query, TimeSpan now, Random random)
    {
        _able.Clear();
        var onlyTried = true;
        foreach (var vehicle in fleet.Vehicles.Values)
        {
            if (!fleet.MayTake(vehicle, query, now))
                continue;
            var tried = query.Tried.Contains(vehicle.Id);
            if (tried && !onlyTried)
                continue;
            if (!tried && onlyTried)
                (onlyTried, _) = (false, Clear());
            _able.Add(vehicle);
        }

        return _able.Count == 0 ? null : Choose(_able, query, random);
    }

    /// <param name="able">Never empty.</param>
    protected abstract RoutedVehicle Choose(IReadOnlyList<RoutedVehicle> able, in ChoiceQuery query, Random random);

    /// <summary>
    /// Requests there for each of its threads, of this seed: there is no other here, and what a vehicle reports of its queue is
    /// as old as its last report.
    /// </summary>
    protected static double LoadOf(RoutedVehicle vehicle) => (double)vehicle.Outstanding.Count / Math.Max(1, vehicle.Load.Threads);

    private int Clear()
    {
        _able.Clear();
        return 0;
    }
}

internal sealed class RandomChoice : PlainChoice
{
    protected override RoutedVehicle Choose(IReadOnlyList<RoutedVehicle> able, in ChoiceQuery query, Random random) => able[random.Next(able.Count)];
}

/// <summary>One after the other, in the order of their ids.</summary>
internal sealed class RoundRobinChoice : PlainChoice
{
    private VehicleId? _last;

    protected override RoutedVehicle Choose(IReadOnlyList<RoutedVehicle> able, in ChoiceQuery query, Random random)
    {
        RoutedVehicle? first = null, next = null;
        foreach (var vehicle in able)
        {
            if (first is null || Precedes(vehicle.Id, first.Id))
                first = vehicle;
            if (_last is { } last && Precedes(last, vehicle.Id) && (next is null || Precedes(vehicle.Id, next.Id)))
                next = vehicle;
        }

        var chosen = next ?? first!;
        _last = chosen.Id;
        return chosen;
    }

    private static bool Precedes(VehicleId one, VehicleId other) => string.CompareOrdinal(one.Value, other.Value) < 0;
}

/// <summary>The fewest requests for each of its threads; among equals at random.</summary>
internal sealed class LeastLoadedChoice : PlainChoice
{
    protected override RoutedVehicle Choose(IReadOnlyList<RoutedVehicle> able, in ChoiceQuery query, Random random)
    {
        var (best, ties) = (able[0], 1);
        for (var i = 1; i < able.Count; i++)
        {
            var difference = LoadOf(able[i]).CompareTo(LoadOf(best));
            if (difference < 0)
                (best, ties) = (able[i], 1);
            else if (difference == 0 && random.Next(++ties) == 0)
                best = able[i];
        }

        return best;
    }
}

/// <summary>The nearest with room; in the same place at random.</summary>
internal sealed class NearestChoice : PlainChoice
{
    protected override RoutedVehicle Choose(IReadOnlyList<RoutedVehicle> able, in ChoiceQuery query, Random random)
    {
        var (best, bestKm, ties) = (able[0], query.Origin.DistanceKm(able[0].Place), 1);
        for (var i = 1; i < able.Count; i++)
        {
            var km = query.Origin.DistanceKm(able[i].Place);
            if (km < bestKm)
                (best, bestKm, ties) = (able[i], km, 1);
            else if (km == bestKm && random.Next(++ties) == 0)
                best = able[i];
        }

        return best;
    }
}

/// <summary>The less loaded of two at random.</summary>
internal sealed class TwoChoices : PlainChoice
{
    protected override RoutedVehicle Choose(IReadOnlyList<RoutedVehicle> able, in ChoiceQuery query, Random random)
    {
        var first = random.Next(able.Count);
        if (able.Count == 1)
            return able[first];
        var second = random.Next(able.Count - 1);
        var (one, other) = (able[first], able[second < first ? second : second + 1]);
        return LoadOf(other) < LoadOf(one) ? other : one;
    }
}
