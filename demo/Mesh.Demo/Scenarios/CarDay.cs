using System.Text;
using System.Text.Json;
using Mesh.Node.Telemetry;

namespace Mesh.Demo.Scenarios;

/// <summary>
/// A part of a car's life as a trace for <c>--telemetry trace:FILE</c>: changes at their moments, and what follows from them by
/// time (charge, heat, the wait until charged), with a little noise. The same seed gives the same trace.
/// </summary>
/// <param name="charge">Of the battery at the beginning, percent; charging ends at <see cref="ChargeLimit"/>.</param>
/// <param name="celsius">Of the battery at the beginning.</param>
internal sealed class CarDay(DateTimeOffset from, DateTimeOffset to, int seed, double charge, CarState state, double celsius = 20)
{
    public const double ChargeLimit = 80;

    /// <summary>Motion must be told twice a minute: the least of the signals' maximum ages.</summary>
    public static readonly TimeSpan Tick = TimeSpan.FromSeconds(20);

    private const string Battery = "Vehicle.Powertrain.TractionBattery.";
    private const string Charging = Battery + "Charging.";
    private const double WattsPerPercentAnHour = 600; // 60 kWh
    private const double StandbyWatts = 180;
    private static readonly TimeSpan HeatTakes = TimeSpan.FromHours(2);

    private readonly List<(DateTimeOffset At, Func<CarState, CarState> Change)> _changes = [];

    public DateTimeOffset From => from;

    public DateTimeOffset To => to;

    /// <summary>Changes come in order of time.</summary>
    public CarDay At(DateTimeOffset moment, Func<CarState, CarState> change)
    {
        if (moment < (_changes.Count > 0 ? _changes[^1].At : from) || moment > to)
            throw new ArgumentOutOfRangeException(nameof(moment), moment, "Not after the change before it, or not within the day.");
        _changes.Add((moment, change));
        return this;
    }

    /// <summary>Writes it as JSON Lines of time, path and value.</summary>
    public void WriteTo(string file)
    {
        using var writer = new StreamWriter(file, append: false, new UTF8Encoding(false));
        foreach (var (time, path, value) in Lines())
            writer.Write(JsonSerializer.Serialize(new { time = time.UtcDateTime, path, value }) + "\n");
    }

    /// <summary>Each signal whenever it changes, and again before it is too old.</summary>
    public IEnumerable<(DateTimeOffset Time, string Path, object? Value)> Lines()
    {
        var told = new Dictionary<string, (object? News, DateTimeOffset At)>(StringComparer.Ordinal);
        foreach (var (now, signals) in Moments())
        {
            foreach (var signal in signals)
            {
                var repeat = VssCatalogue.Find(signal.Path)!.MaxAge * 2 / 3;
                if (told.TryGetValue(signal.Path, out var last) && Equals(last.News, signal.News) && now - last.At < repeat)
                    continue;
                told[signal.Path] = (signal.News, now);
                yield return (now, signal.Path, signal.Value);
            }
        }
    }

    private IEnumerable<(DateTimeOffset Now, IReadOnlyList<Signal> Signals)> Moments()
    {
        var noise = new Random(seed);
        var (now, car, percent, heat, next) = (from, state, charge, celsius, 0);
        while (now <= to)
        {
            for (; next < _changes.Count && _changes[next].At <= now; next++)
                car = _changes[next].Change(car);
            yield return (now, SignalsOf(now, car, percent, heat, noise));
            percent = Math.Clamp(percent + car.PercentPerHour * Tick.TotalHours, 0, car.PercentPerHour > 0 ? Math.Max(percent, ChargeLimit) : 100);
            heat = car.BatteryTowards + (heat - car.BatteryTowards) * Math.Exp(-(Tick / HeatTakes));
            now += Tick;
        }
    }

    private static IReadOnlyList<Signal> SignalsOf(DateTimeOffset now, CarState car, double percent, double heat, Random noise)
    {
        var isCharging = car.IsPluggedIn && car.PercentPerHour > 0 && percent < ChargeLimit;
        var left = isCharging ? TimeSpan.FromHours((ChargeLimit - percent) / car.PercentPerHour) : TimeSpan.Zero;
        var watts = isCharging || car.IsMoving ? car.PercentPerHour * WattsPerPercentAnHour : -StandbyWatts;
        List<Signal> signals =
        [
            new("Vehicle.IsMoving", car.IsMoving),
            new("Vehicle.Speed", car.IsMoving ? Math.Round(car.SpeedKmh * (0.9 + 0.2 * noise.NextDouble()), 1) : 0.0),
            new("Vehicle.LowVoltageSystemState", car.Supply),
            new("Vehicle.PowerOptimizeLevel", 0.0),
            new("Vehicle.Cabin.Door.Row1.DriverSide.IsLocked", car.IsLocked),
            // Rounded down: it never tells more than it holds.
            new(Battery + "StateOfCharge.Current", Math.Floor(percent * 10 + 1e-6) / 10),
            new(Battery + "Temperature.Max", Math.Round(heat * 2) / 2),
            new(Battery + "CurrentPower", watts),
            new(Charging + "ChargingPort.AnyPosition.IsChargingCableConnected", car.IsPluggedIn),
            new(Charging + "IsCharging", isCharging),
            // It runs down by itself: only another end is news.
            new(Charging + "TimeToComplete", Math.Ceiling(left.TotalSeconds)) { News = isCharging ? Math.Round((now + left).UtcTicks / 6e8) : 0.0 },
            new(Charging + "Timer.Mode", car.Departure is null ? "INACTIVE" : "END_TIME"),
            new(Charging + "Timer.Time", car.Departure?.UtcDateTime),
            new("Vehicle.ControlUnit.Central.Health.Resources.Temperature", 40.0 + noise.Next(4)),
            new("Vehicle.Mesh.Network.Kind", car.Network),
            new("Vehicle.Mesh.Network.IsMetered", car.IsMetered),
            new("Vehicle.Mesh.Memory.Available", 4000.0 + noise.Next(200)),
        ];
        return signals;
    }

    /// <param name="Value">As the trace has it.</param>
    private sealed record Signal(string Path, object? Value)
    {
        /// <summary>What has to change for the signal to be told before its time.</summary>
        public object? News { get; init; } = Value;
    }
}
