using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Mesh.Node.Limits;

namespace Mesh.Node.Telemetry;

/// <summary>
/// A vehicle's source, and beside it what only its computer can tell: how much memory is left, as
/// <c>Vehicle.Mesh.Memory.Available</c>.
/// </summary>
public sealed class HostTelemetry(ITelemetrySource vehicle, MemoryProbe memory) : ITelemetrySource
{
    private const string MemoryPath = "Vehicle.Mesh.Memory.Available";

    /// <summary>Work gives memory back within this time and a little.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public TimeProvider Clock => vehicle.Clock;

    public double Speed => vehicle.Speed;

    public async IAsyncEnumerable<TelemetryEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        // A reader that is slow makes the probe wait, not the queue grow; only the newest reading is worth anything.
        var events = Channel.CreateBounded<TelemetryEvent>(1);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var pumping = PumpAsync(events.Writer, ending.Token);
        await using var timer = Clock.CreateTimer(_ => events.Writer.TryWrite(Reading()), null, TimeSpan.Zero, Interval);
        try
        {
            await foreach (var happened in events.Reader.ReadAllAsync(cancellation))
                yield return happened;
        }
        finally
        {
            await ending.CancelAsync();
            await pumping;
        }
    }

    public ValueTask DisposeAsync() => vehicle.DisposeAsync();

    private async Task PumpAsync(ChannelWriter<TelemetryEvent> writer, CancellationToken cancellation)
    {
        try
        {
            await foreach (var happened in vehicle.ReadAsync(cancellation))
                await writer.WriteAsync(happened, cancellation);
        }
        catch (Exception e)
        {
            writer.TryComplete(e);
        }
    }

    private TelemetryEvent.Readings Reading()
    {
        var now = Clock.GetUtcNow();
        SignalValue? value = memory.Read() is { } reading ? SignalValue.Of(reading.Available >> 20) : null;
        return new TelemetryEvent.Readings([new SignalReading(MemoryPath, value, now, now)]);
    }
}
