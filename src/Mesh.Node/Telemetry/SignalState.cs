namespace Mesh.Node.Telemetry;

/// <summary>What is known of a signal at a moment. An unknown one answers null to every question about its value.</summary>
/// <param name="Path">The VSS path that tells it; the signal's name where no path has.</param>
/// <param name="Cause">Null when the value is known.</param>
/// <param name="LastValue">The value that was told last, believed or not; for messages.</param>
/// <param name="Age">Of the last value; null where there is none.</param>
/// <param name="FreshUntil">When the known value becomes stale.</param>
public sealed record SignalState(
    VssSignal Signal,
    string Path,
    UnknownCause? Cause,
    SignalValue? LastValue = null,
    TimeSpan? Age = null,
    DateTimeOffset? FreshUntil = null)
{
    public bool IsKnown => Cause is null;

    public bool? Truth => IsKnown ? LastValue?.Truth : null;

    public double? Number => IsKnown ? LastValue?.Number : null;

    public string? Text => IsKnown ? LastValue?.Text : null;

    public DateTimeOffset? Time => Text is { } text && Signal.Datatype == VssDatatype.Time ? VssSignal.ParseTime(text) : null;

    /// <summary>When the source says that the value is from; null where there is none.</summary>
    public DateTimeOffset? Since => FreshUntil - Signal.MaxAge;
}
