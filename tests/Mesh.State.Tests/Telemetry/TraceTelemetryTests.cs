using Mesh.Node.Telemetry;
using Mesh.Node.Telemetry.Traces;

namespace Mesh.State.Tests.Telemetry;

public sealed class TraceTelemetryTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();
    private readonly DrivenClock _clock = new();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task A_trace_is_told_at_its_times_by_its_own_clock()
    {
        Write(Line(0, "Vehicle.IsMoving", "false"), Line(60, "Vehicle.IsMoving", "true"), Line(60, "Vehicle.Speed", "30.5"));
        await using var source = Open(speed: 60);
        await using var reader = new SourceReader(source);
        await reader.NextAsync<TelemetryEvent.Readings>();
        Assert.Equal(Recorded(0), source.Clock.GetUtcNow());
        Assert.False(reader[VssCatalogue.IsMoving].Truth);

        var next = reader.NextAsync<TelemetryEvent.Readings>();
        await _clock.TimerAsync(length => length == TimeSpan.FromSeconds(1));
        _clock.Advance(TimeSpan.FromSeconds(0.5));
        Assert.False(next.IsCompleted);
        Assert.Equal(Recorded(30), source.Clock.GetUtcNow());
        _clock.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Equal(2, (await next).Items.Length);
        Assert.Equal((true, 30.5), (reader[VssCatalogue.IsMoving].Truth, reader[VssCatalogue.Speed].Number));
    }

    [Fact]
    public async Task The_clock_waits_for_the_reader_and_catches_up()
    {
        Write([.. Enumerable.Range(0, 100).Select(i => Line(i * 20, "Vehicle.IsMoving", "false"))]);
        await using var source = Open(speed: 1000);
        await using var reader = new SourceReader(source);
        await reader.NextAsync<TelemetryEvent.Readings>();
        // The reader was away for longer than the whole trace takes.
        _clock.Advance(TimeSpan.FromSeconds(5));
        for (var i = 1; i < 100; i++)
        {
            await reader.NextAsync<TelemetryEvent.Readings>();
            Assert.Equal(Recorded(i * 20), source.Clock.GetUtcNow());
            Assert.True(reader[VssCatalogue.IsMoving].IsKnown);
        }

        Assert.Contains("has ended", (await reader.NextAsync<TelemetryEvent.Lost>()).Reason, StringComparison.Ordinal);
        Assert.Null(await reader.NextAsync());
        Assert.Equal(Recorded(5000), source.Clock.GetUtcNow());
    }

    [Fact]
    public async Task A_trace_with_a_begin_waits_for_it_and_a_late_reader_catches_up()
    {
        Write(Line(0, "Vehicle.IsMoving", "false"), Line(60, "Vehicle.IsMoving", "true"), Line(300, "Vehicle.IsMoving", "false"));
        var begins = _clock.GetUtcNow() + TimeSpan.FromSeconds(10);
        await using var early = Open(speed: 60, begins);
        await using var reader = new SourceReader(early);
        await reader.NextAsync<TelemetryEvent.Connected>();
        var first = reader.NextAsync<TelemetryEvent.Readings>();
        await _clock.TimerAsync(length => length == TimeSpan.FromSeconds(10));
        Assert.Equal((false, Recorded(0)), (first.IsCompleted, early.Clock.GetUtcNow()));
        _clock.Advance(TimeSpan.FromSeconds(10));
        await first;

        _clock.Advance(TimeSpan.FromSeconds(2));
        await using var late = Open(speed: 60, begins);
        await using var another = new SourceReader(late);
        await another.NextAsync<TelemetryEvent.Readings>();
        await another.NextAsync<TelemetryEvent.Readings>();
        Assert.Equal((true, Recorded(60)), (another[VssCatalogue.IsMoving].Truth, late.Clock.GetUtcNow()));
        var last = another.NextAsync<TelemetryEvent.Readings>();
        await _clock.TimerAsync(length => length == TimeSpan.FromSeconds(3));
        Assert.Equal(Recorded(120), late.Clock.GetUtcNow());
        _clock.Advance(TimeSpan.FromSeconds(3));
        await last;
    }

    [Fact]
    public async Task A_line_recorded_late_a_value_withdrawn_and_a_path_of_nobody_are_taken_as_they_are()
    {
        Write(Line(10, "Vehicle.IsMoving", "true"), Line(5, "Vehicle.IsMoving", "false"), Line(10, "Vehicle.AverageSpeed", "9"), "", Line(20, "Vehicle.IsMoving", "null"));
        await using var source = Open(speed: 1);
        await using var reader = new SourceReader(source);
        Assert.Equal(2, (await reader.NextAsync<TelemetryEvent.Readings>()).Items.Length);
        Assert.True(reader[VssCatalogue.IsMoving].Truth);
        _clock.Advance(TimeSpan.FromSeconds(10));
        await reader.NextAsync<TelemetryEvent.Readings>();
        Assert.Equal(UnknownCause.Absent, reader[VssCatalogue.IsMoving].Cause);
    }

    [Fact]
    public void Timers_of_its_clock_run_at_its_speed_and_do_not_spin()
    {
        var clock = new ReplayClock(_clock, Recorded(0), 600);
        clock.Begin();
        var fired = 0;
        using var timer = clock.CreateTimer(_ => fired++, null, TimeSpan.FromMinutes(10), Timeout.InfiniteTimeSpan);
        using var soon = clock.CreateTimer(_ => fired += 10, null, TimeSpan.FromTicks(1), Timeout.InfiniteTimeSpan);
        Assert.Equal(0, fired);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(10, fired);
        _clock.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal(11, fired);
    }

    [Fact]
    public void Wrong_lines_are_told_all_at_once_with_file_and_number()
    {
        Write(
            Line(0, "Vehicle.IsMoving", "false"),
            "{",
            "[1]",
            """{"path": "Vehicle.IsMoving", "value": true}""",
            """{"time": "yesterday", "path": "Vehicle.IsMoving", "value": true}""",
            """{"time": "2026-03-02T18:00:00Z", "value": true}""",
            """{"time": "2026-03-02T18:00:00Z", "path": "Vehicle.IsMoving"}""",
            """{"time": "2026-03-02T18:00:00Z", "path": "Vehicle.IsMoving", "value": [true]}""",
            new string(' ', 5000) + "1");
        var (source, errors) = TraceTelemetry.Open(_file, 1, _clock);
        Assert.Null(source);
        Assert.Equal(
            [
                $"{_file}:2: is not valid JSON",
                $"{_file}:3: is no JSON object",
                $"{_file}:4: needs a 'time' in ISO 8601",
                $"{_file}:5: needs a 'time' in ISO 8601",
                $"{_file}:6: needs a 'path'",
                $"{_file}:7: needs a 'value', or null for none",
                $"{_file}:8: needs a 'value' that is a truth value, a number, a text or null",
                $"{_file}:9: has 5001 characters: at most 4096 are read",
            ],
            errors);
    }

    [Fact]
    public void The_list_of_errors_is_bounded_and_other_faults_are_told_too()
    {
        Write([.. Enumerable.Repeat("?", 100)]);
        var errors = TraceTelemetry.Open(_file, 1, _clock).Errors;
        Assert.Equal(TraceTelemetry.MaxErrors + 1, errors.Count);
        Assert.EndsWith("and 80 more lines are wrong", errors[^1], StringComparison.Ordinal);
        Write();
        Assert.Equal([$"{_file}: has no line about a signal that any rule asks for"], TraceTelemetry.Open(_file, 1, _clock).Errors);
        Assert.StartsWith($"{_file}.none cannot be read", Assert.Single(TraceTelemetry.Open(_file + ".none", 1, _clock).Errors), StringComparison.Ordinal);
    }

    private static DateTimeOffset Recorded(double seconds) => new DateTimeOffset(2026, 1, 5, 18, 0, 0, TimeSpan.Zero).AddSeconds(seconds);

    private static string Line(double seconds, string path, string value) =>
        $$"""{"time": "{{Recorded(seconds):O}}", "path": "{{path}}", "value": {{value}}}""";

    private void Write(params string[] lines) => File.WriteAllLines(_file, lines);

    private TraceTelemetry Open(double speed, DateTimeOffset? begins = null)
    {
        var (source, errors) = TraceTelemetry.Open(_file, speed, _clock, begins);
        Assert.Empty(errors);
        return source!;
    }
}
