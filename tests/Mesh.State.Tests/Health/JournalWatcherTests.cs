using System.Net.Sockets;
using System.Threading.Channels;
using Mesh.Seed;
using Mesh.Seed.Health;
using Mesh.Seed.Routing;
using Mesh.State.Tests.Inference;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Mesh.State.Tests.Health;

public sealed class JournalWatcherTests : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly ManualTime _time = new();
    private readonly ScriptedProbe _probe = new();
    private readonly LogLevels _log = new();
    private readonly JournalWatch _watch;
    private readonly JournalWatcher _watcher;

    public JournalWatcherTests()
    {
        _watch = new JournalWatch(new MonotonicClock(_time));
        _watcher = new JournalWatcher(_probe, _watch, _time, _log);
    }

    public async ValueTask DisposeAsync()
    {
        await _watcher.StopAsync(CancellationToken.None);
        _watcher.Dispose();
    }

    [Fact]
    public async Task Failures_in_a_row_are_counted_from_the_first_one_until_a_look_goes_well()
    {
        await _watcher.StartAsync(CancellationToken.None);
        await FailAsync(new NpgsqlException("to 10.0.0.7", new SocketException((int)SocketError.ConnectionRefused)));
        _time.Advance(JournalWatcher.Interval);
        await FailAsync(new NpgsqlException("to 10.0.0.7", new SocketException((int)SocketError.ConnectionRefused)));
        Assert.Equal(new JournalState(2, TimeSpan.Zero, "its server cannot be reached (ConnectionRefused)"), _watch.State);

        _time.Advance(JournalWatcher.Interval);
        (await _probe.LookAsync()).SetResult("it is read-only");
        await UntilAsync(() => _watch.State.Failures == 3);
        Assert.Equal("it is read-only", _watch.State.Cause);

        _time.Advance(JournalWatcher.Interval);
        (await _probe.LookAsync()).SetResult(null);
        await UntilAsync(() => _watch.State.Failures == 0);
    }

    [Fact]
    public async Task A_look_that_nobody_answers_is_given_up_at_its_limit()
    {
        await _watcher.StartAsync(CancellationToken.None);
        _ = await _probe.LookAsync();
        var failed = FailedAsync();
        _time.Advance(JournalWatcher.Limit);
        await failed.WaitAsync(Limit);
        Assert.Equal(new JournalState(1, JournalWatcher.Limit, "it does not answer in time"), _watch.State);
    }

    [Fact]
    public async Task The_first_look_that_fails_is_logged_also_when_the_job_router_failed_before()
    {
        _watch.RouterFailed(new TimeoutException(), 7);
        await _watcher.StartAsync(CancellationToken.None);
        await FailAsync(new TimeoutException());
        _time.Advance(JournalWatcher.Interval);
        await FailAsync(new TimeoutException());
        Assert.Equal([LogLevel.Warning], _log.Levels);
    }

    [Fact]
    public void The_lag_is_the_age_of_the_oldest_write_that_is_not_confirmed()
    {
        List<TimeSpan> took = [];
        _watch.Written += took.Add;
        _watch.WriteBegan();
        _time.Advance(TimeSpan.FromSeconds(1));
        _watch.WriteBegan();
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((2, TimeSpan.FromSeconds(3)), (_watch.Pending, _watch.Lag));
        _watch.WriteConfirmed();
        Assert.Equal((1, TimeSpan.FromSeconds(2)), (_watch.Pending, _watch.Lag));
        _watch.RouterLeft();
        _watch.WriteConfirmed();
        Assert.Equal((0, TimeSpan.Zero), (_watch.Pending, _watch.Lag));
        Assert.Equal([TimeSpan.FromSeconds(3)], took);

        _watch.WriteBegan();
        _watch.WriteRejected();
        Assert.Equal(0, _watch.Pending);
    }

    [Fact]
    public void A_write_that_is_confirmed_ends_the_router_s_failure()
    {
        _watch.RouterFailed(new PostgresException("going down", "FATAL", "FATAL", "57P01"), 7);
        Assert.Equal((new RouterFailure(TimeSpan.Zero, 7), "PostgreSQL says 57P01"), (_watch.RouterFailure, _watch.State.Cause));
        _watch.WriteBegan();
        _watch.WriteConfirmed();
        Assert.Equal((null, 0), (_watch.RouterFailure, _watch.State.Failures));
    }

    [Fact]
    public void A_router_that_failed_before_it_knew_its_predecessor_s_term_is_not_succeeded_by_it()
    {
        var router = new RouterReadiness(new MonotonicClock(_time));
        var watch = new JournalWatch(new MonotonicClock(_time), router);
        router.RouterAnswered(6);
        watch.RouterFailed(new TimeoutException(), 0);
        Assert.Equal(6, watch.RouterFailure?.Term);

        // What its predecessor said is not the latest for having been under way for long.
        router.RouterAnswered(7);
        router.RouterAnswered(6);
        Assert.Equal(7, router.Term);
    }

    [Fact]
    public async Task The_silence_ends_with_a_look_or_a_write_that_goes_well_and_with_no_other()
    {
        List<TimeSpan> took = [];
        _watch.Looked += took.Add;
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(TimeSpan.FromSeconds(3), _watch.Silence);
        await _watcher.StartAsync(CancellationToken.None);
        await FailAsync(new TimeoutException());
        Assert.Equal(TimeSpan.FromSeconds(3), _watch.Silence);

        _time.Advance(JournalWatcher.Interval);
        var look = await _probe.LookAsync();
        _time.Advance(TimeSpan.FromSeconds(1));
        look.SetResult(null);
        await UntilAsync(() => took.Count > 0);
        Assert.Equal((TimeSpan.Zero, TimeSpan.FromSeconds(1)), (_watch.Silence, took[0]));

        _time.Advance(TimeSpan.FromSeconds(0.5));
        _watch.WriteBegan();
        Assert.Equal(TimeSpan.FromSeconds(0.5), _watch.Silence);
        _watch.WriteConfirmed();
        Assert.Equal(TimeSpan.Zero, _watch.Silence);
    }

    [Fact]
    public async Task A_SQLite_journal_that_is_gone_is_not_created_anew()
    {
        var folder = Directory.CreateTempSubdirectory("mesh-probe-").FullName;
        var settings = JournalSettings.Sqlite(folder);
        await using var probe = new JournalProbe(settings);
        await Assert.ThrowsAsync<Microsoft.Data.Sqlite.SqliteException>(() => probe.LookAsync(CancellationToken.None));
        Assert.Empty(Directory.GetFiles(folder));
        settings.Prepare();
        Assert.Null(await probe.LookAsync(CancellationToken.None));
        Directory.Delete(folder, recursive: true);
    }

    private async Task FailAsync(Exception exception)
    {
        var failed = FailedAsync();
        (await _probe.LookAsync()).SetException(exception);
        await failed.WaitAsync(Limit);
    }

    private Task FailedAsync()
    {
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _watch.Failed += () => failed.TrySetResult();
        return failed.Task;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!condition())
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private sealed class LogLevels : ILogger<JournalWatcher>
    {
        private readonly List<LogLevel> _levels = [];

        public IReadOnlyList<LogLevel> Levels => _levels;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _levels.Add(logLevel);
    }

    /// <summary>Each look is answered by the test.</summary>
    private sealed class ScriptedProbe : IJournalProbe
    {
        private readonly Channel<TaskCompletionSource<string?>> _looks = Channel.CreateUnbounded<TaskCompletionSource<string?>>();

        public Task<string?> LookAsync(CancellationToken cancellation)
        {
            var look = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
            _looks.Writer.TryWrite(look);
            return look.Task;
        }

        public async Task<TaskCompletionSource<string?>> LookAsync() => await _looks.Reader.ReadAsync().AsTask().WaitAsync(Limit);
    }
}
