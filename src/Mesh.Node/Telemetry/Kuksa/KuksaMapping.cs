using System.Collections.Immutable;
using System.Globalization;
using Mesh.Node.Telemetry.Kuksa.Wire;

namespace Mesh.Node.Telemetry.Kuksa;

/// <summary>The broker's messages as readings.</summary>
internal static class KuksaMapping
{
    public static ImmutableArray<SignalReading> ToReadings(SubscribeResponse message, DateTimeOffset now) =>
        [.. message.Entries.Select(entry => new SignalReading(entry.Key, ToValue(entry.Value.Value), TimeOf(entry.Value, now), now))];

    /// <summary>A first message holds every signal that was asked for; those that the token may not read are left out without a word.</summary>
    public static ImmutableArray<SignalReading> ToReadings(SubscribeResponse first, IEnumerable<string> asked, DateTimeOffset now) =>
    [
        .. ToReadings(first, now),
        .. asked.Where(path => !first.Entries.ContainsKey(path))
            .Select(path => new SignalReading(path, null, now, now, UnknownCause.Withheld)),
    ];

    /// <summary>Null where the signal has no value. An array, which no signal of ours is, is a text that none expects.</summary>
    private static SignalValue? ToValue(Value? value) => value?.TypedValueCase switch
    {
        null => null,
        Value.TypedValueOneofCase.String => SignalValue.Of(value.String),
        Value.TypedValueOneofCase.Bool => SignalValue.Of(value.Bool),
        Value.TypedValueOneofCase.Int32 => SignalValue.Of(value.Int32),
        Value.TypedValueOneofCase.Int64 => SignalValue.Of(value.Int64),
        Value.TypedValueOneofCase.Uint32 => SignalValue.Of(value.Uint32),
        Value.TypedValueOneofCase.Uint64 => SignalValue.Of(value.Uint64),
        // By its shortest text, so that 49.9 stays 49.9.
        Value.TypedValueOneofCase.Float => SignalValue.Of(
            double.Parse(value.Float.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)),
        Value.TypedValueOneofCase.Double => SignalValue.Of(value.Double),
        _ => SignalValue.Of("(array)"),
    };

    private static DateTimeOffset TimeOf(Datapoint point, DateTimeOffset now)
    {
        try
        {
            return point.Timestamp?.ToDateTimeOffset() ?? now;
        }
        catch (InvalidOperationException)
        {
            // No time that a calendar has: old enough to be stale.
            return DateTimeOffset.UnixEpoch;
        }
    }
}
