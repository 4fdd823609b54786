namespace Mesh.Node.Telemetry.Traces;

/// <summary>
/// The clock of a trace that is replayed: it begins at the trace's first moment, runs at the given speed, and waits for the
/// reader. So it never shows a time that the trace's readings have not reached, and a slow reader sees no value become stale
/// that was not so in the trace; afterwards it catches up.
/// </summary>
/// <param name="begins">The real time of the trace's first moment; null = when <see cref="Begin"/> is called.</param>
internal sealed class ReplayClock(TimeProvider inner, DateTimeOffset start, double speed, DateTimeOffset? begins = null) : TimeProvider
{
    private TimeSpan _ahead;
    private long _begun = -1;
    private long _limit = start.UtcTicks;

    public double Speed => speed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Where it would be without waiting for anybody; before the trace's first moment until that has come.</summary>
    public DateTimeOffset Due => Volatile.Read(ref _begun) is var begun && begun < 0 ? start : start + (_ahead + inner.GetElapsedTime(begun)) * speed;

    public void Begin()
    {
        _ahead = begins is { } moment ? inner.GetUtcNow() - moment : TimeSpan.Zero;
        Volatile.Write(ref _begun, inner.GetTimestamp());
    }

    /// <summary>Lets it run on to a moment.</summary>
    public void AllowUntil(DateTimeOffset moment) => Volatile.Write(ref _limit, moment.UtcTicks);

    public override DateTimeOffset GetUtcNow() => new(Math.Clamp(Due.UtcTicks, start.UtcTicks, Volatile.Read(ref _limit)), TimeSpan.Zero);

    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    /// <summary>Fires after that time at full speed; the clock may show less then, if it had to wait.</summary>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new ScaledTimer(inner.CreateTimer(callback, state, Scale(dueTime), Scale(period)), Scale);

    /// <summary>Rounded up to a millisecond, so that nobody spins while the clock waits.</summary>
    private TimeSpan Scale(TimeSpan time) =>
        time <= TimeSpan.Zero ? time : TimeSpan.FromMilliseconds(Math.Ceiling(time.TotalMilliseconds / speed));

    private sealed class ScaledTimer(ITimer timer, Func<TimeSpan, TimeSpan> scale) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(scale(dueTime), scale(period));

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
