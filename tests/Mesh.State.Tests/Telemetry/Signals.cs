using Mesh.Node.Telemetry;

namespace Mesh.State.Tests.Telemetry;

/// <summary>Readings and snapshots for tests; time is seconds from a fixed start.</summary>
internal static class Signals
{
    public static readonly DateTimeOffset Start = new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero);

    public static DateTimeOffset At(double seconds) => Start.AddSeconds(seconds);

    public static SignalValue? Value(object? value) => value switch
    {
        null => null,
        bool truth => SignalValue.Of(truth),
        string text => SignalValue.Of(text),
        _ => SignalValue.Of(Convert.ToDouble(value, System.Globalization.CultureInfo.InvariantCulture)),
    };

    /// <param name="received">Seconds; as the source's time when left out.</param>
    public static SignalReading Reading(string path, object? value, double time, double? received = null) =>
        new(path, Value(value), At(time), At(received ?? time));

    public static VehicleTelemetry Tell(this VehicleTelemetry telemetry, string path, object? value, double time, double? received = null) =>
        telemetry.Apply(new TelemetryEvent.Readings([Reading(path, value, time, received)]));

    public static SignalState See(this VehicleTelemetry telemetry, VssSignal signal, double now) => telemetry.At(At(now))[signal];
}
