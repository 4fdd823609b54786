namespace Mesh.Node.Telemetry;

/// <summary>Where a vehicle's signals come from.</summary>
public interface ITelemetrySource : IAsyncDisposable
{
    /// <summary>
    /// The clock of the readings' times, and so the one to judge the policy by: real time, or that of a trace which is
    /// replayed faster. Its timers run at its speed.
    /// </summary>
    TimeProvider Clock { get; }

    /// <summary>Seconds of <see cref="Clock"/> in one real second.</summary>
    double Speed => 1;

    /// <summary>
    /// Events as they come, by one reader. It ends when the source has no more to tell, after a
    /// <see cref="TelemetryEvent.Lost"/>; it throws only for <paramref name="cancellation"/>.
    /// </summary>
    IAsyncEnumerable<TelemetryEvent> ReadAsync(CancellationToken cancellation);
}
