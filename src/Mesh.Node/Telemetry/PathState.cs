namespace Mesh.Node.Telemetry;

/// <summary>The last that one path has told.</summary>
/// <param name="Rank">Place of the path among its signal's, newest version of VSS first.</param>
/// <param name="Cause">Why its value is not to be believed, whatever its age; null = it is.</param>
/// <param name="Since">What its age counts from.</param>
/// <param name="Newest">The source's time of the last reading; earlier ones come too late, unless a clock was set back. Null = whatever comes is newer.</param>
/// <param name="HasCarried">It has had a value some time: the vehicle has this door, port or unit.</param>
internal sealed record PathState(
    VssSignal Signal,
    string Path,
    int Rank,
    SignalValue? Value,
    UnknownCause? Cause,
    DateTimeOffset Since,
    DateTimeOffset? Newest,
    bool HasCarried)
{
    /// <summary>The vehicle has it for all that is known; a path that was never given a value may just be in the list.</summary>
    public bool Counts => HasCarried || Cause == UnknownCause.Withheld;

    public static PathState Of(VssSignal signal, string path)
    {
        var rank = signal.Paths.Select((candidate, index) => candidate.Matches(path) ? index : int.MaxValue).Min();
        return new PathState(signal, path, rank, null, UnknownCause.Missing, default, null, false);
    }

    public PathState With(SignalReading reading)
    {
        // A last time that lies ahead of the arrival is of a clock that was set back since: it shuts nothing out.
        if (reading.SourceTime < Newest && !IsAhead(Newest.Value, reading.ReceivedAt))
            return this;
        if (IsAhead(reading.SourceTime, reading.ReceivedAt))
        {
            return this with
            {
                Value = reading.Value,
                Cause = UnknownCause.ClockAhead,
                Since = reading.ReceivedAt,
                HasCarried = HasCarried || reading.Value is not null,
            };
        }

        return this with
        {
            Value = reading.Value,
            Cause = reading.Value is { } value ? Signal.Check(value) : reading.Cause,
            Since = reading.SourceTime == Newest || reading.SourceTime > reading.ReceivedAt ? Earlier(reading) : reading.SourceTime,
            Newest = reading.SourceTime,
            HasCarried = HasCarried || reading.Value is not null,
        };
    }

    public SignalState At(DateTimeOffset now)
    {
        // After a clock was set back nobody knows how old the value is: neither younger than new, nor to be believed.
        var age = now > Since ? now - Since : TimeSpan.Zero;
        var cause = Cause ?? (IsAhead(Since, now) ? UnknownCause.ClockAhead : age >= Signal.MaxAge ? UnknownCause.Stale : null);
        return new SignalState(Signal, Path, cause, Value, Value is null ? null : age, cause is null ? Since + Signal.MaxAge : null);
    }

    private static bool IsAhead(DateTimeOffset time, DateTimeOffset now) => time > now + VehicleTelemetry.MaxClockLead;

    /// <summary>A value that is told again, or whose time lies just ahead, is as old as when it first got here.</summary>
    private DateTimeOffset Earlier(SignalReading reading) => reading.SourceTime == Newest ? Since : reading.ReceivedAt;
}
