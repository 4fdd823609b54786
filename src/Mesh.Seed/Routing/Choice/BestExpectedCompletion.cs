using Mesh.Seed.Routing.Policies;

namespace Mesh.Seed.Routing.Choice;

/// <summary>The vehicle with the least expected time to a good answer, of all that may take the work.</summary>
public sealed class BestExpectedCompletion : IVehicleChoice
{
    public RoutedVehicle? Choose(Fleet fleet, in ChoiceQuery query, TimeSpan now, Random random)
    {
        RoutedVehicle? best = null;
        var (bestTried, bestScore, ties) = (true, TimeSpan.MaxValue, 0);
        foreach (var vehicle in fleet.Vehicles.Values)
        {
            if (!fleet.IsServiceable(vehicle) || !VehicleFilter.HasRoom(vehicle, now))
                continue;
            var tried = query.Tried.Contains(vehicle.Id);
            if (tried && !bestTried)
                continue;
            var score = fleet.Score(vehicle, query.Model, query.PayloadBytes);
            if (best is null || (!tried && bestTried) || score < bestScore)
                (best, bestTried, bestScore, ties) = (vehicle, tried, score, 1);
            else if (score == bestScore && random.Next(++ties) == 0)
                best = vehicle;
        }

        return best;
    }
}
