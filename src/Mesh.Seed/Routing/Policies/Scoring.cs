using Mesh.Messages;
using Mesh.Seed.Routing.Choice;

namespace Mesh.Seed.Routing.Policies;

/// <summary>
/// Scores vehicles for one piece of work by the expected time to a good answer, in milliseconds: round trip, transfer, the
/// queue ahead, the run, a cold load where the model is missing, and what a loss would cost times its chance. A value, made
/// once a choice.
/// </summary>
internal readonly struct Scoring(
    RouterSettings settings,
    DepartureModel departures,
    RoutedModel? model,
    in ChoiceQuery query,
    double fleetMiss,
    long nowTicks,
    TimeSpan now)
{
    /// <summary>Attempts that the fleet's share of misses weighs as much as.</summary>
    private const double Prior = 20;

    /// <summary>Chance that a vehicle leaves before the departure that it announced.</summary>
    private const double EarlyDeparture = 0.01;

    /// <summary>
    /// By which a wait counts for more than its own time. Whoever waits at a fast vehicle also keeps the next one waiting, and
    /// leaves a slower one idle that the fleet will need: without this a fleet at nine tenths of its capacity answers later, in
    /// the middle and at the tail, than one whose requests just go where least is to do (<c>Mesh.Benchmarks policy</c>).
    /// </summary>
    private const double WaitWeight = 20;

    /// <summary>Runs that this can make of it at most: an idle vehicle is not worth any price.</summary>
    private const double MaxWaitRuns = 20;

    /// <summary>
    /// Runs that a work unit's certain loss would be worth. It is multiplied with the root of the chance, so that small
    /// chances tell: a unit can go to a vehicle that stays at little cost to its batch, which waits for no single one.
    /// </summary>
    private const double UnitRisk = 5;

    private readonly double _serviceMs = model?.ServiceMs ?? settings.PriorService.TotalMilliseconds;
    private readonly double _workMs = query.Work?.TotalMilliseconds ?? -1;
    private readonly double _payload = query.PayloadBytes;
    private readonly double _artifact = query.Model.Size;
    private readonly double _priorMsPerByte = 1000 / settings.PriorBandwidth;
    private readonly double _retryMs = settings.RetryCost.TotalMilliseconds;

    public RoutedModel? Model => model;

    public double Score(RoutedVehicle vehicle) => Score(vehicle, vehicle.Find(model));

    /// <param name="here">What is known of the model there.</param>
    public double Score(RoutedVehicle vehicle, ModelOnVehicle? here)
    {
        ref readonly var facts = ref vehicle.Facts;
        var service = ServiceMs(vehicle, here);
        var run = _workMs >= 0 ? _workMs * Slowness(vehicle) : service;
        var msPerByte = facts.MsPerByte > 0 ? facts.MsPerByte : _priorMsPerByte;
        var wait = facts.WaitMs(now.Ticks, service);
        var time = facts.RoundTripMs + _payload * msPerByte + run + wait;
        if (here is not { Loaded: true })
            time += model?.LoadMs ?? settings.PriorColdLoad.TotalMilliseconds + _artifact * msPerByte;
        // Of a run that is cut short, half is lost on average.
        var leaving = ChanceOfLeaving(vehicle, departures, nowTicks, now, time);
        time += Surcharge(wait) + ChanceOfMiss(vehicle) * _retryMs + leaving * (_retryMs + run / 2);
        return _workMs >= 0 ? time + UnitRisk * Math.Sqrt(leaving) * run : time;
    }

    private double Surcharge(double waitMs) =>
        Math.Min((WaitWeight - 1) * waitMs, MaxWaitRuns * (_workMs >= 0 ? _workMs : _serviceMs));

    /// <summary>What the run alone takes there.</summary>
    public double RunMs(RoutedVehicle vehicle) =>
        _workMs >= 0 ? _workMs * Slowness(vehicle) : ServiceMs(vehicle, vehicle.Find(model));

    /// <summary>Chance that it is gone by then.</summary>
    public static double ChanceOfLeaving(RoutedVehicle vehicle, DepartureModel departures, long nowTicks, TimeSpan now, double milliseconds)
    {
        ref readonly var facts = ref vehicle.Facts;
        if (facts.LeavesAt != RoutedVehicle.NotAnnounced)
            return milliseconds >= (facts.LeavesAt - now.Ticks) / (double)TimeSpan.TicksPerMillisecond ? 1 : EarlyDeparture;
        var parked = nowTicks - (now.Ticks - facts.ParkedAt);
        var hazard = departures.Hazard(vehicle.Departures, parked, nowTicks, milliseconds / 3_600_000);
        // For a moment's work the hazard is its chance.
        return hazard < 1e-3 ? hazard : 1 - Math.Exp(-hazard);
    }

    private double ServiceMs(RoutedVehicle vehicle, ModelOnVehicle? here) => here?.ServiceMs ?? _serviceMs * (vehicle.Class?.Slowness ?? 1);

    private static double Slowness(RoutedVehicle vehicle) =>
        vehicle.Facts.Slowness > 0 ? vehicle.Facts.Slowness : vehicle.Class?.Slowness ?? 1;

    /// <summary>
    /// Share of attempts that it will not answer: the fleet's, as if seen in <see cref="Prior"/> attempts, and its own. So two
    /// vehicles of which nothing bad is known are alike, however much work one of them has had.
    /// </summary>
    private double ChanceOfMiss(RoutedVehicle vehicle)
    {
        ref readonly var facts = ref vehicle.Facts;
        return (facts.Missed + Prior * fleetMiss) / (facts.Answered + facts.Missed + Prior);
    }
}
