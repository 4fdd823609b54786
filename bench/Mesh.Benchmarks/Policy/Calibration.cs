using Mesh.Messages;
using Mesh.Seed.Routing.Choice;

namespace Mesh.Benchmarks.Policy;

/// <summary>Says how likely a parked car stays.</summary>
internal interface IStayForecast
{
    /// <summary>A stay that is over.</summary>
    void Observed(VehicleId vehicle, DateTimeOffset parkedAt, DateTimeOffset leftAt);

    /// <summary>P(it is still there at <paramref name="now"/> + <paramref name="horizon"/>), given that it is there now.</summary>
    double Stay(VehicleId vehicle, DateTimeOffset parkedAt, DateTimeOffset now, TimeSpan horizon);
}

/// <summary>The router's own.</summary>
internal sealed class LearnedForecast : IStayForecast
{
    private readonly DepartureModel _model = new();

    public void Observed(VehicleId vehicle, DateTimeOffset parkedAt, DateTimeOffset leftAt) => _model.Observed(vehicle, parkedAt, leftAt);

    public double Stay(VehicleId vehicle, DateTimeOffset parkedAt, DateTimeOffset now, TimeSpan horizon) =>
        _model.Stay(vehicle, parkedAt, now, horizon);
}

/// <summary>Every car leaves at the same rate at any time: what a forecast must beat.</summary>
internal sealed class ConstantHazard : IStayForecast
{
    private long _departures;
    private TimeSpan _parked;

    public void Observed(VehicleId vehicle, DateTimeOffset parkedAt, DateTimeOffset leftAt)
    {
        _departures++;
        _parked += leftAt - parkedAt;
    }

    public double Stay(VehicleId vehicle, DateTimeOffset parkedAt, DateTimeOffset now, TimeSpan horizon) =>
        _departures == 0 ? 1 : Math.Exp(-(_departures / _parked.TotalSeconds) * horizon.TotalSeconds);
}

/// <summary>Forecasts of one tenth of the moments, from the least likely to stay to the most.</summary>
internal readonly record struct Decile(int Count, double Forecast, double Stayed);

/// <summary>One horizon's forecasts against what happened.</summary>
/// <param name="Brier">Of the learned forecast.</param>
/// <param name="ConstantBrier">Of the constant hazard.</param>
/// <param name="Difference">Learned less constant, a sample a day: moments of one day are not independent.</param>
internal sealed record Calibration(TimeSpan Horizon, IReadOnlyList<Decile> Deciles, double Brier, double ConstantBrier, Interval Difference)
{
    /// <summary>Parked cars are asked about at moments this far apart.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromMinutes(20);

    public static IReadOnlyList<TimeSpan> Horizons { get; } = [TimeSpan.FromMinutes(10), TimeSpan.FromHours(1), TimeSpan.FromHours(4)];

    /// <summary>Both learn from what ended before <paramref name="from"/>, and are asked about moments until <paramref name="to"/>.</summary>
    public static IReadOnlyList<Calibration> Measure(
        ChargingTrace trace, IStayForecast learned, IStayForecast constant, DateTimeOffset from, DateTimeOffset to)
    {
        foreach (var session in trace.Sessions.Where(session => session.PluggedOut <= from).OrderBy(session => session.PluggedOut))
        {
            learned.Observed(session.Vehicle, session.PluggedIn, session.PluggedOut);
            constant.Observed(session.Vehicle, session.PluggedIn, session.PluggedOut);
        }

        var moments = Moments(trace, from, to).ToList();
        return [.. Horizons.Select(horizon => Of(horizon, moments, learned, constant))];
    }

    private static IEnumerable<(ChargingSession Session, DateTimeOffset At)> Moments(ChargingTrace trace, DateTimeOffset from, DateTimeOffset to)
    {
        foreach (var session in trace.Between(from, to))
        {
            // Its own phase for each session, so that whole minutes of the source and of the steps do not meet.
            var phase = Step * Draw.Uniform(Draw.Hash(Draw.Hash(session.Vehicle.Value), (ulong)session.PluggedIn.Ticks));
            for (var at = session.PluggedIn + phase; at < session.PluggedOut && at < to; at += Step)
            {
                if (at >= from)
                    yield return (session, at);
            }
        }
    }

    private static Calibration Of(
        TimeSpan horizon, List<(ChargingSession Session, DateTimeOffset At)> moments, IStayForecast learned, IStayForecast constant)
    {
        var asked = moments.Select(moment =>
        {
            var (session, at) = moment;
            return (
                Day: at.UtcDateTime.Date,
                Learned: learned.Stay(session.Vehicle, session.PluggedIn, at, horizon),
                Constant: constant.Stay(session.Vehicle, session.PluggedIn, at, horizon),
                Stayed: session.PluggedOut >= at + horizon);
        }).ToList();
        var deciles = asked.OrderBy(one => one.Learned).Chunk((asked.Count + 9) / 10)
            .Select(tenth => new Decile(tenth.Length, tenth.Average(one => one.Learned), tenth.Average(one => one.Stayed ? 1.0 : 0)));
        var daily = asked.GroupBy(one => one.Day)
            .Select(day => day.Average(one => Statistics.Brier(one.Learned, one.Stayed) - Statistics.Brier(one.Constant, one.Stayed)));
        return new Calibration(
            horizon,
            [.. deciles],
            asked.Average(one => Statistics.Brier(one.Learned, one.Stayed)),
            asked.Average(one => Statistics.Brier(one.Constant, one.Stayed)),
            Interval.Of([.. daily]));
    }
}
