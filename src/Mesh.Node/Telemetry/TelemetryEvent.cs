using System.Collections.Immutable;

namespace Mesh.Node.Telemetry;

/// <summary>What a source tells.</summary>
public abstract record TelemetryEvent
{
    private TelemetryEvent()
    {
    }

    /// <summary>
    /// A connection begins: the order of times starts anew, because a restarted source may have a clock that was set back.
    /// Known values stay until they are told anew or too old.
    /// </summary>
    public sealed record Connected : TelemetryEvent;

    /// <param name="Items">At most <see cref="MaxItems"/>.</param>
    public sealed record Readings(ImmutableArray<SignalReading> Items) : TelemetryEvent
    {
        public const int MaxItems = 256;
    }

    /// <summary>The source cannot be heard: all of its signals are unknown until they are told anew.</summary>
    /// <param name="Reason">For the owner and the log.</param>
    public sealed record Lost(string Reason) : TelemetryEvent;
}
