using Mesh.Messages;
using Mesh.Messages.Control;

namespace Mesh.Seed.Routing.Policies;

/// <summary>
/// Scores a vehicle for a request by the expected time to a good answer: round trip, transfer, the queue ahead, the run,
/// a cold load where the model is missing, and what a loss would cost times its chance.
/// </summary>
public static class ExpectedCompletion
{
    /// <summary>Attempts that the fleet's share of misses weighs as much as.</summary>
    private const double Prior = 20;

    /// <param name="fleetService">What the model takes on average in the fleet; null before anyone ran it.</param>
    /// <param name="fleetMiss">Share of attempts that the fleet does not answer: what is assumed of a vehicle without evidence.</param>
    /// <param name="record">What is known from earlier sessions; null for a newcomer.</param>
    /// <param name="here">Place of this seed, for the distance before a round trip is measured.</param>
    public static TimeSpan Score(
        RoutedVehicle vehicle,
        ModelReference model,
        long payloadBytes,
        TimeSpan? fleetService,
        double fleetMiss,
        VehicleRecord? record,
        GeoPoint here,
        RouterSettings settings)
    {
        var roundTrip = vehicle.RoundTrip ?? settings.PriorRoundTrip + settings.PriorRoundTripPerKm * here.DistanceKm(vehicle.Place);
        var transfer = TimeSpan.FromSeconds(payloadBytes / settings.PriorBandwidth);
        var cold = vehicle.Has(model.Hash)
            ? TimeSpan.Zero
            : settings.PriorColdLoad + TimeSpan.FromSeconds(model.Size / settings.PriorBandwidth);
        return roundTrip + transfer + cold + Run(vehicle, model, fleetService, settings)
            + settings.RetryCost * ChanceOfMiss(vehicle, fleetMiss, record);
    }

    /// <summary>The least that a request of this model has ever taken there; null while nothing is measured.</summary>
    public static TimeSpan? MeasuredFloor(RoutedVehicle vehicle, ArtifactHash model) =>
        vehicle.LeastService(model) is { } service && vehicle.LeastRoundTrip is { } roundTrip ? service + roundTrip : null;

    private static TimeSpan Run(RoutedVehicle vehicle, ModelReference model, TimeSpan? fleetService, RouterSettings settings)
    {
        var service = vehicle.Service(model.Hash) ?? fleetService ?? settings.PriorService;
        // The vehicle's own count includes other seeds' requests but lags; ours is exact but ours alone.
        var ahead = Math.Max(vehicle.Outstanding.Count, vehicle.Load.Queued);
        return service * (1 + (double)ahead / Math.Max(1, vehicle.Load.Threads));
    }

    /// <summary>
    /// Share of attempts that it will not answer: the fleet's, as if seen in <see cref="Prior"/> attempts, and its own. So two
    /// vehicles of which nothing bad is known are alike, however much work one of them has had.
    /// </summary>
    private static double ChanceOfMiss(RoutedVehicle vehicle, double fleetMiss, VehicleRecord? record)
    {
        // The record holds this session's counts as well, a report later.
        var answered = Math.Max(vehicle.Answered, record?.Answered ?? 0);
        var missed = Math.Max(vehicle.Failed, (record?.Failed ?? 0) + (record?.Lost ?? 0));
        return (missed + Prior * fleetMiss) / (answered + missed + Prior);
    }
}
