namespace Mesh.Node.Telemetry;

/// <summary>Why a signal is unknown.</summary>
public enum UnknownCause
{
    /// <summary>The vehicle has never told it.</summary>
    Missing,

    /// <summary>The source says that it has no value now.</summary>
    Absent,

    /// <summary>The source knows the signal and leaves it out: as a rule the token gives no right to read it.</summary>
    Withheld,

    /// <summary>The last value is older than the signal's maximum age.</summary>
    Stale,

    /// <summary>A number outside the signal's range, or a text that is none of its values.</summary>
    OutOfRange,

    WrongType,

    /// <summary>The value's time lies so far in the future that its age cannot be told.</summary>
    ClockAhead,

    /// <summary>There is no connection to the source.</summary>
    SourceLost,
}
