using System.Text;
using Mesh.Messages;
using Mesh.Node.Metering;
using Mesh.State.Tests.Inference;
using Mesh.State.Tests.Limits;

namespace Mesh.State.Tests.Metering;

public sealed class UsageRecorderTests : IDisposable
{
    private const string NotKept = "Error: What the vehicle used cannot be kept on disk or read from it: ";

    private static readonly PowerModel Model = PowerModel.Of("");

    private readonly TemporaryFolder _folder = new();
    private readonly ManualTime _time = new();
    private readonly RecordedLog<UsageRecorder> _log = new();

    private string Current => Path.Combine(_folder.Path, "sessions.jsonl");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_session_is_one_line_with_all_that_it_used()
    {
        using (var recorder = Recorder())
        {
            recorder.Begin(new SessionEpoch(7));
            _time.Advance(TimeSpan.FromSeconds(10));
            recorder.Add(Job("m/1", energy: 100));
            recorder.Add(Job("m/1", energy: 20, outcome: AttemptOutcome.Cancelled)); // ended while it ran: spent all the same
            recorder.Add(Job("m/1", energy: 0, outcome: AttemptOutcome.Busy, runs: 0)); // refused: its bytes came, nothing ran
            Assert.True(recorder.IsMetered); // for all that is known
            recorder.IsMetered = false;
            recorder.Add(Job("n/2", energy: 3, batch: true));
            recorder.AddFetched(5000);
            _time.Advance(TimeSpan.FromSeconds(20));
            recorder.End();
        }

        var line = Assert.Single(File.ReadAllLines(Current));
        Assert.Equal(
            """
            {"epoch":7,"started":"1970-01-01T00:00:00+00:00","ended":"1970-01-01T00:00:30+00:00","complete":true,
            "device_class":"cpu-2","idle_watts":10,"methods":["ThreadCpu","Model"],
            "interactive":{"inferences":2,"answered":1,"bytes_in":30,"bytes_out":5,"wall_ns":4000000,"cpu_ns":2000000,"energy_uj":120,"energy_error_uj":60},
            "batch":{"inferences":1,"answered":1,"bytes_in":10,"bytes_out":5,"wall_ns":2000000,"cpu_ns":1000000,"energy_uj":3,"energy_error_uj":1},
            "models":{"m/1":{"inferences":2,"answered":1,"bytes_in":30,"bytes_out":5,"wall_ns":4000000,"cpu_ns":2000000,"energy_uj":120,"energy_error_uj":60},
            "n/2":{"inferences":1,"answered":1,"bytes_in":10,"bytes_out":5,"wall_ns":2000000,"cpu_ns":1000000,"energy_uj":3,"energy_error_uj":1}},
            "model_bytes":5000,"days":{"1970-01-01":{"bytes":5050,"metered_bytes":35,"energy_uj":123}}}
            """.ReplaceLineEndings(""),
            line);
        Assert.Empty(_log.Lines);
        Assert.Equal([Current], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_kill_loses_at_most_the_last_minute()
    {
        var killed = Recorder();
        killed.Begin(new SessionEpoch(1));
        killed.Add(Job("m/1", energy: 100));
        _time.Advance(TimeSpan.FromMinutes(1));
        killed.Add(Job("m/1", energy: 50)); // not on the disk yet
        Assert.False(File.Exists(Current));

        var next = Recorder();
        Assert.Equal(100, next.UsageOf(Today).EnergyUj);
        var lost = Assert.Single(Sessions());
        Assert.Equal((1UL, false, 100L), (lost.Epoch, lost.Complete, lost.Interactive.EnergyUj));
        Assert.Equal(DateTimeOffset.UnixEpoch + TimeSpan.FromMinutes(1), lost.Ended);
        Assert.Empty(_log.Lines);
        next.Dispose();
        Assert.Single(Sessions());
    }

    [Fact]
    public void Each_minute_with_work_is_kept_and_one_without_writes_nothing()
    {
        var open = Path.Combine(_folder.Path, "open.json");
        using var recorder = Recorder();
        recorder.Begin(new SessionEpoch(1));
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.False(File.Exists(open));
        for (var minute = 1; minute <= 3; minute++)
        {
            recorder.Add(Job("m/1", energy: 10));
            _time.Advance(TimeSpan.FromMinutes(1));
            Assert.Equal(minute * 10, SessionUsage.FromJson(File.ReadAllBytes(open)).Interactive.EnergyUj);
        }

        File.Delete(open);
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.False(File.Exists(open));
    }

    [Fact]
    public void A_session_that_was_written_before_the_kill_is_not_written_twice()
    {
        var open = Path.Combine(_folder.Path, "open.json");
        using (var recorder = Recorder())
        {
            recorder.Begin(new SessionEpoch(1));
            recorder.Add(Job("m/1", energy: 100));
            _time.Advance(TimeSpan.FromMinutes(1));
            File.Copy(open, open + ".saved");
            recorder.End();
        }

        File.Move(open + ".saved", open); // killed before it was deleted
        using var next = Recorder();
        Assert.True(Assert.Single(Sessions()).Complete);
        Assert.Equal(100, next.UsageOf(Today).EnergyUj);
        Assert.False(File.Exists(open));
    }

    [Fact]
    public void Work_that_ends_between_sessions_is_the_next_ones_or_stands_alone_at_the_end()
    {
        using (var recorder = Recorder())
        {
            recorder.Begin(new SessionEpoch(1));
            recorder.End();
            recorder.Add(Job("m/1", energy: 5));
            recorder.Begin(new SessionEpoch(2));
            recorder.End();
            recorder.Add(Job("m/1", energy: 6));
        }

        Assert.Equal([(1UL, 0L), (2UL, 5L), (0UL, 6L)], Sessions().Select(session => (session.Epoch, session.Interactive.EnergyUj)));
    }

    [Fact]
    public void A_torn_line_is_reported_and_costs_no_other()
    {
        WriteSession(1);
        File.AppendAllText(Current, """{"epoch":2,"started":"2026""");
        using (var recorder = Recorder())
        {
            Assert.Equal($"Warning: Of the meter's files: {Current}: line 2 (26 bytes) is torn and was passed over", Assert.Single(_log.Lines));
            recorder.Begin(new SessionEpoch(3));
        }

        var content = new MeterFolder(_folder.Path).Read();
        Assert.Equal([1UL, 3UL], content.Sessions.Select(session => session.Epoch));
        Assert.Equal($"{Current}: line 2 (26 bytes) is no session and was passed over", Assert.Single(content.Problems));
    }

    [Fact]
    public void A_last_line_without_its_end_is_no_torn_one()
    {
        WriteSession(1);
        File.WriteAllText(Current, File.ReadAllText(Current).TrimEnd('\n'));
        WriteSession(2);
        Assert.Equal([1UL, 2UL], Sessions().Select(session => session.Epoch));
    }

    [Fact]
    public void An_open_session_that_is_unreadable_is_put_aside()
    {
        File.WriteAllText(Path.Combine(_folder.Path, "open.json"), "{}");
        using var recorder = Recorder();
        Assert.Contains("is unreadable and was put aside", Assert.Single(_log.Lines), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_folder.Path, "open.json.bad")));
    }

    [Fact]
    public void Files_are_rotated_and_the_oldest_goes()
    {
        var session = new SessionMeter("", _time.GetUtcNow()).Usage(_time.GetUtcNow(), 1, complete: true);
        var length = session.ToJson().Length + 1;
        var folder = new MeterFolder(_folder.Path, rotateAt: 2 * length);
        for (var epoch = 1UL; epoch <= 9; epoch++)
            folder.Append(session with { Epoch = epoch });
        Assert.Equal(Enumerable.Range(1, 9).Select(epoch => (ulong)epoch), folder.Read().Sessions.Select(kept => kept.Epoch));
        Assert.Equal([7UL, 8UL, 9UL], folder.Read(files: 2).Sessions.Select(kept => kept.Epoch));
        for (var epoch = 1UL; epoch <= 9; epoch++)
            folder.Append(session with { Epoch = epoch });
        Assert.Equal(MeterFolder.Kept + 1, Directory.GetFiles(_folder.Path).Length);
        Assert.All(Directory.GetFiles(_folder.Path), path => Assert.True(new FileInfo(path).Length <= 2 * length));
    }

    [Fact]
    public void A_days_use_outlives_restarts()
    {
        for (var session = 1UL; session <= 3; session++)
        {
            using var recorder = Recorder();
            recorder.Begin(new SessionEpoch(session));
            recorder.Add(Job("m/1", energy: 7));
            recorder.AddFetched(100);
        }

        using var last = Recorder();
        Assert.Equal(new DayUsage(3 * 115, 3 * 115, 21), last.UsageOf(Today));
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(default, last.UsageOf(Today));
        last.Add(Job("m/1", energy: 7));
        Assert.Equal((7, 21), (last.UsageOf(Today).EnergyUj, last.UsageOf(Today.AddDays(-1)).EnergyUj));
    }

    [Fact]
    public void A_disk_that_cannot_be_written_is_logged_and_the_caps_still_count()
    {
        Kill(energy: 100);
        var blockade = RefuseRotation();
        using (var next = Recorder(rotateAt: 1))
        {
            next.Begin(new SessionEpoch(2));
            next.Add(Job("m/1", energy: 7));
            _time.Advance(TimeSpan.FromMinutes(1));
            Assert.Equal(107, next.UsageOf(Today).EnergyUj);
            Assert.Equal(2, _log.Lines.Count(line => line.StartsWith(NotKept, StringComparison.Ordinal)));

            // What was left is neither counted twice nor replaced by the session that is open now.
            Directory.Delete(blockade);
            next.Add(Job("m/1", energy: 1));
            _time.Advance(TimeSpan.FromMinutes(1));
            Assert.Equal(108, next.UsageOf(Today).EnergyUj);
        }

        Assert.Equal([1UL, 2UL], Sessions().Skip(1).Select(session => session.Epoch));
        using var last = Recorder(rotateAt: 1);
        Assert.Equal(108, last.UsageOf(Today).EnergyUj);
    }

    [Fact]
    public void A_disk_that_cannot_be_read_is_logged_and_leaves_nothing_of_the_day()
    {
        Directory.CreateDirectory(Current);
        using var recorder = Recorder();
        recorder.Begin(new SessionEpoch(1));
        recorder.Add(Job("m/1", energy: 7));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(DayUsage.UsedUp, recorder.UsageOf(Today));
        Assert.StartsWith(NotKept, Assert.Single(_log.Lines), StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromDays(1));
        recorder.Add(Job("m/1", energy: 8));
        Assert.Equal(8, recorder.UsageOf(Today).EnergyUj);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_logged_and_work_goes_on()
    {
        File.WriteAllText(Path.Combine(_folder.Path, "file"), "");
        using var recorder = Recorder(Path.Combine(_folder.Path, "file", "meter"));
        recorder.Begin(new SessionEpoch(1));
        recorder.Add(Job("m/1", energy: 7));
        _time.Advance(TimeSpan.FromMinutes(1));
        recorder.End();
        Assert.Equal(7, recorder.UsageOf(Today).EnergyUj); // Nothing can be there.
        Assert.Equal(3, _log.Lines.Count(line => line.StartsWith(NotKept, StringComparison.Ordinal)));
    }

    [Fact]
    public void Models_without_number_do_not_grow_a_session_without_bound()
    {
        var meter = new SessionMeter("", _time.GetUtcNow());
        for (var model = 0; model < 1000; model++)
            meter.Add(Job($"m{model}/1", energy: 1), Today, isMetered: false);
        var usage = meter.Usage(_time.GetUtcNow(), 1, complete: true);
        Assert.Equal(SessionMeter.MaxModels, usage.Models.Count);
        Assert.Equal(1000, usage.Models.Values.Sum(model => model.EnergyUj));
    }

    [Fact]
    public void What_is_read_is_what_was_written()
    {
        WriteSession(5);
        var read = Assert.Single(Sessions());
        Assert.Equal(File.ReadAllText(Current).TrimEnd('\n'), Encoding.UTF8.GetString(read.ToJson()));
    }

    private static JobUsage Job(string model, long energy, AttemptOutcome outcome = AttemptOutcome.Ok, bool batch = false, int runs = 1)
    {
        var time = runs * TimeSpan.FromMilliseconds(1);
        var methods = runs > 0 ? MeterMethods.ThreadCpu | MeterMethods.Model : MeterMethods.None;
        return new(model, batch, outcome, 10, outcome == AttemptOutcome.Ok ? 5 : 0, new RunCost(2 * time, time, energy, energy / 2, methods, runs));
    }

    private IEnumerable<SessionUsage> Sessions() => new MeterFolder(_folder.Path).Read().Sessions;

    private void WriteSession(ulong epoch)
    {
        using var recorder = Recorder();
        recorder.Begin(new SessionEpoch(epoch));
        recorder.Add(Job("m/1", energy: 100));
    }

    /// <summary>Leaves an open session of epoch 1, after an older one that ended and used nothing.</summary>
    private void Kill(long energy)
    {
        new MeterFolder(_folder.Path).Append(new SessionMeter("", _time.GetUtcNow()).Usage(_time.GetUtcNow(), 1, complete: true));
        var killed = Recorder();
        killed.Begin(new SessionEpoch(1));
        killed.Add(Job("m/1", energy));
        _time.Advance(TimeSpan.FromMinutes(1));
    }

    /// <summary>What is there can be read, and nothing added where it must be rotated: a folder is in the way.</summary>
    private string RefuseRotation()
    {
        File.WriteAllText(Path.Combine(_folder.Path, "sessions.1.jsonl"), "");
        return Directory.CreateDirectory(Path.Combine(_folder.Path, "sessions.2.jsonl")).FullName;
    }

    private UsageRecorder Recorder(string? folder = null, long rotateAt = MeterFolder.RotateAt) =>
        new(new MeterFolder(folder ?? _folder.Path, rotateAt), Model, () => Today, "cpu-2", _time, _log);

    private DateOnly Today => DateOnly.FromDateTime(_time.GetUtcNow().DateTime);
}
