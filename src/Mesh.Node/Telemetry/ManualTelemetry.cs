using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Mesh.Node.Telemetry;

/// <summary>
/// A vehicle whose signals are set by hand, for drills, and told again before they are stale. It begins parked, locked, plugged
/// in, charging and on Wi-Fi; left alone it is the source <c>fixed</c>.
/// </summary>
public sealed class ManualTelemetry(TimeProvider clock) : ITelemetrySource
{
    /// <summary>Less than half of the least maximum age.</summary>
    internal static readonly TimeSpan Repeat = TimeSpan.FromSeconds(4);

    private const string Battery = "Vehicle.Powertrain.TractionBattery.";

    /// <summary>By path.</summary>
    public static ImmutableSortedDictionary<string, SignalValue> Parked { get; } = new Dictionary<string, SignalValue>
    {
        ["Vehicle.IsMoving"] = SignalValue.Of(false),
        ["Vehicle.Speed"] = SignalValue.Of(0),
        ["Vehicle.LowVoltageSystemState"] = SignalValue.Of("LOCK"),
        ["Vehicle.PowerOptimizeLevel"] = SignalValue.Of(0),
        ["Vehicle.Cabin.Door.Row1.DriverSide.IsLocked"] = SignalValue.Of(true),
        [Battery + "StateOfCharge.Current"] = SignalValue.Of(80),
        [Battery + "Temperature.Max"] = SignalValue.Of(25),
        [Battery + "Charging.ChargingPort.AnyPosition.IsChargingCableConnected"] = SignalValue.Of(true),
        [Battery + "Charging.IsCharging"] = SignalValue.Of(true),
        ["Vehicle.ControlUnit.Central.Health.Resources.Temperature"] = SignalValue.Of(40),
        ["Vehicle.Mesh.Network.Kind"] = SignalValue.Of("WIFI"),
        ["Vehicle.Mesh.Network.IsMetered"] = SignalValue.Of(false),
        ["Vehicle.Mesh.Memory.Available"] = SignalValue.Of(4096),
    }.ToImmutableSortedDictionary(StringComparer.Ordinal);

    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly Lock _lock = new();
    private ImmutableSortedDictionary<string, SignalValue?> _values =
        Parked.ToImmutableSortedDictionary(pair => pair.Key, pair => (SignalValue?)pair.Value, StringComparer.Ordinal);

    private string? _lost;

    public TimeProvider Clock => clock;

    /// <param name="value">Null: the signal has no value.</param>
    /// <exception cref="ArgumentException">No rule asks for the path, or the value is none of the signal's; the message says which.</exception>
    public void Set(string path, SignalValue? value)
    {
        if (VssCatalogue.Find(path) is not { } signal)
            throw new ArgumentException($"'{path}' is no signal that any rule asks for.", nameof(path));
        if (value is { } given && signal.Check(given) is { } cause)
            throw new ArgumentException($"{(VssCatalogue.IsPlace(path) ? "that" : $"'{given}'")} is no value of {path}: {cause}.", nameof(value));
        Change(() => _values = _values.Count < VehicleTelemetry.MaxPaths || _values.ContainsKey(path)
            ? _values.SetItem(path, value)
            : throw new ArgumentException($"{path} is one path more than the {VehicleTelemetry.MaxPaths} that are kept.", nameof(path)));
    }

    /// <summary>From now on nothing is heard, until <see cref="Restore"/>.</summary>
    public void Lose(string reason) => Change(() => _lost = reason);

    public void Restore() => Change(() => _lost = null);

    public async IAsyncEnumerable<TelemetryEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        _changes.Writer.TryWrite(true);
        await using var timer = clock.CreateTimer(_ => _changes.Writer.TryWrite(true), null, Repeat, Repeat);
        bool? connected = null;
        await foreach (var _ in _changes.Reader.ReadAllAsync(cancellation))
        {
            ImmutableSortedDictionary<string, SignalValue?> values;
            string? lost;
            lock (_lock)
                (values, lost) = (_values, _lost);
            if (lost is not null)
            {
                if (connected != false)
                    yield return new TelemetryEvent.Lost(lost);
                connected = false;
                continue;
            }

            if (connected != true)
                yield return new TelemetryEvent.Connected();
            connected = true;
            var now = clock.GetUtcNow();
            yield return new TelemetryEvent.Readings([.. values.Select(pair => new SignalReading(pair.Key, pair.Value, now, now))]);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Change(Action change)
    {
        lock (_lock)
            change();
        _changes.Writer.TryWrite(true);
    }
}
