using System.Collections.Immutable;
using System.Globalization;

namespace Mesh.Node.Telemetry;

/// <summary>
/// One thing that the vehicle tells about itself: under which VSS paths, as what, in which unit and range, and how old it may
/// be and still be believed. Compared by reference; all are in <see cref="VssCatalogue"/>.
/// </summary>
public sealed class VssSignal
{
    private const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;

    /// <summary>Newest version of VSS first.</summary>
    public required ImmutableArray<SignalPath> Paths { get; init; }

    public required VssDatatype Datatype { get; init; }

    /// <summary>As VSS 6.0 writes it; empty where it has none.</summary>
    public string Unit { get; init; } = "";

    /// <summary>Least believable number; a broken sensor tells others.</summary>
    public double Min { get; init; } = double.MinValue;

    /// <summary>Greatest believable number.</summary>
    public double Max { get; init; } = double.MaxValue;

    /// <summary>Texts that are believed; empty = any.</summary>
    public ImmutableArray<string> Allowed { get; init; } = [];

    /// <summary>From this age on, the value is unknown. Age counts from when the source says the value is from.</summary>
    public required TimeSpan MaxAge { get; init; }

    public SignalInstances Instances { get; init; } = SignalInstances.First;

    /// <summary>
    /// A change of it may mean stop. It is read without a least interval between samples, because a change inside of one would
    /// be lost.
    /// </summary>
    public bool IsUrgent { get; init; }

    /// <summary>The newest path, or pattern of paths, for messages.</summary>
    public string Name => Paths[0].Pattern;

    public bool Matches(string path) => Paths.Any(candidate => candidate.Matches(path));

    /// <summary>Null when the value can be believed.</summary>
    public UnknownCause? Check(SignalValue value) => Datatype switch
    {
        VssDatatype.Boolean => value.Truth is null ? UnknownCause.WrongType : null,
        VssDatatype.Text => value.Text is not { } text ? UnknownCause.WrongType
            : Allowed.Length > 0 && !Allowed.Contains(text) ? UnknownCause.OutOfRange : null,
        VssDatatype.Time => value.Text is not { } text ? UnknownCause.WrongType
            : ParseTime(text) is null ? UnknownCause.OutOfRange : null,
        _ => CheckNumber(value),
    };

    public override string ToString() => Name;

    /// <summary>Null for no time in ISO 8601, and for VSS's own way to say "unknown": year 0.</summary>
    internal static DateTimeOffset? ParseTime(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, Utc, out var time) ? time : null;

    private UnknownCause? CheckNumber(SignalValue value)
    {
        if (value.Number is not { } number)
            return UnknownCause.WrongType;
        if (Datatype is VssDatatype.UInt8 or VssDatatype.UInt32 && double.IsFinite(number) && number != Math.Truncate(number))
            return UnknownCause.WrongType;
        return number >= Min && number <= Max ? null : UnknownCause.OutOfRange;
    }
}
