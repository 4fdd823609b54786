using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Mesh.Node.Telemetry.Traces;

/// <summary>
/// A recorded trace, JSON Lines of time, path and value, replayed in real or accelerated time. Its clock is the trace's, so
/// hours, tariffs, ages and hystereses are those of the recorded day. Paths that no rule asks for are skipped.
/// </summary>
public sealed class TraceTelemetry : ITelemetrySource
{
    public const int MaxErrors = 20;

    /// <summary>Of signals that rules ask for; a day of twenty signals, each told twice a minute, has 60,000.</summary>
    public const int MaxLines = 1_000_000;

    /// <summary>No timer takes any length, and a replay may begin hours from now.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(1);

    private readonly string _file;
    private readonly ImmutableArray<TraceLine> _lines;
    private readonly ReplayClock _clock;

    private TraceTelemetry(string file, ImmutableArray<TraceLine> lines, ReplayClock clock) => (_file, _lines, _clock) = (file, lines, clock);

    public TimeProvider Clock => _clock;

    public double Speed => _clock.Speed;

    /// <summary>Reads the whole file. The errors name file and line, all at once up to <see cref="MaxErrors"/>.</summary>
    /// <param name="speed">Above 0; 1 = real time.</param>
    /// <param name="clock">Real time.</param>
    /// <param name="begins">The real time of the trace's first moment; what has passed by then is caught up. Null = when it is read.</param>
    public static (TraceTelemetry? Source, IReadOnlyList<string> Errors) Open(
        string file, double speed, TimeProvider clock, DateTimeOffset? begins = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(speed);
        try
        {
            var (lines, errors) = Read(file);
            return errors.Count > 0 ? (null, errors) : (new TraceTelemetry(file, lines, new ReplayClock(clock, lines[0].Time, speed, begins)), []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, [$"{file} cannot be read: {e.Message}"]);
        }
    }

    public async IAsyncEnumerable<TelemetryEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        _clock.Begin();
        yield return new TelemetryEvent.Connected();
        for (var next = 0; next < _lines.Length;)
        {
            var moment = _lines[next].Time;
            var together = ImmutableArray.CreateBuilder<SignalReading>();
            // A line that was recorded late is told with those before it.
            for (; next < _lines.Length && _lines[next].Time <= moment && together.Count < TelemetryEvent.Readings.MaxItems; next++)
                together.Add(new SignalReading(_lines[next].Path, _lines[next].Value, _lines[next].Time, moment));
            await ReachAsync(moment, cancellation);
            yield return new TelemetryEvent.Readings(together.ToImmutable());
        }

        _clock.AllowUntil(DateTimeOffset.MaxValue);
        yield return new TelemetryEvent.Lost($"the trace {_file} has ended");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task ReachAsync(DateTimeOffset moment, CancellationToken cancellation)
    {
        _clock.AllowUntil(moment);
        while (moment - _clock.Due is var left && left > TimeSpan.Zero)
            await Task.Delay(left < LongestDelay ? left : LongestDelay, _clock, cancellation);
    }

    private static (ImmutableArray<TraceLine> Lines, List<string> Errors) Read(string file)
    {
        var lines = ImmutableArray.CreateBuilder<TraceLine>();
        var paths = new Dictionary<string, string>(StringComparer.Ordinal);
        List<string> errors = [];
        var (number, wrong) = (0, 0);
        foreach (var text in File.ReadLines(file).TakeWhile(_ => lines.Count <= MaxLines))
        {
            number++;
            if (string.IsNullOrWhiteSpace(text) && text.Length <= TraceLine.MaxLength)
                continue;
            try
            {
                var line = TraceLine.Parse(text);
                // One text for each path, of which a day has thousands.
                if (paths.TryGetValue(line.Path, out var path))
                    lines.Add(line with { Path = path });
                else if (VssCatalogue.Find(line.Path) is not null && paths.TryAdd(line.Path, line.Path))
                    lines.Add(line);
            }
            catch (FormatException e)
            {
                if (++wrong <= MaxErrors)
                    errors.Add($"{file}:{number}: {e.Message}");
            }
        }

        if (wrong > MaxErrors)
            errors.Add($"{file}: and {wrong - MaxErrors} more lines are wrong");
        if (wrong == 0 && lines.Count == 0)
            errors.Add($"{file}: has no line about a signal that any rule asks for");
        if (lines.Count > MaxLines)
            errors.Add($"{file}: has more than {MaxLines} lines: at most that many are read");
        return (lines.ToImmutable(), errors);
    }
}
