namespace Mesh.Node.Telemetry;

/// <summary>One value of one path, as a source tells it.</summary>
/// <param name="Value">Null: the source says that there is no value.</param>
/// <param name="SourceTime">When the source says the value is from.</param>
/// <param name="ReceivedAt">When it got here, on the same clock as the policy's.</param>
/// <param name="Cause">Why there is no value.</param>
public sealed record SignalReading(
    string Path,
    SignalValue? Value,
    DateTimeOffset SourceTime,
    DateTimeOffset ReceivedAt,
    UnknownCause Cause = UnknownCause.Absent);
