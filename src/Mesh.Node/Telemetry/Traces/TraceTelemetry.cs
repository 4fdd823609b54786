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

    private readonly string _file;
    private readonly ReplayClock _clock;

    private TraceTelemetry(string file, ReplayClock clock) => (_file, _clock) = (file, clock);

    public TimeProvider Clock => _clock;

    /// <summary>Checks the whole file. The errors name file and line, all at once up to <see cref="MaxErrors"/>.</summary>
    /// <param name="speed">Above 0; 1 = real time.</param>
    /// <param name="clock">Real time.</param>
    public static (TraceTelemetry? Source, IReadOnlyList<string> Errors) Open(string file, double speed, TimeProvider clock)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(speed);
        var errors = new List<string>();
        var (number, wrong) = (0, 0);
        DateTimeOffset? first = null;
        try
        {
            foreach (var text in File.ReadLines(file))
            {
                number++;
                try
                {
                    var line = Parse(text);
                    first ??= line?.Time;
                }
                catch (FormatException e) when (++wrong <= MaxErrors)
                {
                    errors.Add($"{file}:{number}: {e.Message}");
                }
                catch (FormatException)
                {
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, [$"{file} cannot be read: {e.Message}"]);
        }

        if (wrong > MaxErrors)
            errors.Add($"{file}: and {wrong - MaxErrors} more lines are wrong");
        if (wrong == 0 && first is null)
            errors.Add($"{file}: has no line");
        return errors.Count > 0 ? (null, errors) : (new TraceTelemetry(file, new ReplayClock(clock, first!.Value, speed)), []);
    }

    public async IAsyncEnumerable<TelemetryEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        _clock.Begin();
        yield return new TelemetryEvent.Connected();
        var together = ImmutableArray.CreateBuilder<SignalReading>();
        DateTimeOffset? moment = null;
        foreach (var line in File.ReadLines(_file).Select(Parse).OfType<TraceLine>())
        {
            if (moment is { } told && (line.Time > told || together.Count == TelemetryEvent.Readings.MaxItems))
            {
                await ReachAsync(told, cancellation);
                yield return new TelemetryEvent.Readings(together.DrainToImmutable());
            }

            // A line that was recorded late is told with those beside it.
            moment = moment > line.Time ? moment : line.Time;
            if (VssCatalogue.Find(line.Path) is not null)
                together.Add(new SignalReading(line.Path, line.Value, line.Time, moment.Value));
        }

        await ReachAsync(moment!.Value, cancellation);
        yield return new TelemetryEvent.Readings(together.DrainToImmutable());
        _clock.AllowUntil(DateTimeOffset.MaxValue);
        yield return new TelemetryEvent.Lost($"the trace {_file} has ended");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task ReachAsync(DateTimeOffset moment, CancellationToken cancellation)
    {
        _clock.AllowUntil(moment);
        while (moment - _clock.Due is var left && left > TimeSpan.Zero)
            await Task.Delay(left, _clock, cancellation);
    }

    /// <summary>Null for an empty line.</summary>
    private static TraceLine? Parse(string text) => string.IsNullOrWhiteSpace(text) ? null : TraceLine.Parse(text);
}
