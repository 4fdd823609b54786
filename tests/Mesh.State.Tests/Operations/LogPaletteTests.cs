using Akka.Actor;
using Mesh.Hosting.Logging;
using Mesh.Hosting.Operations;
using Mesh.Operations;
using Mesh.State.Tests.Inference;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace Mesh.State.Tests.Operations;

public sealed class LogPaletteTests : IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private readonly ServiceProvider _services;
    private readonly ILogger _logger;
    private readonly ICommandHandler _handler;

    public LogPaletteTests()
    {
        _services = new ServiceCollection()
            .AddSingleton<TimeProvider>(_time)
            .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Information).AddFilter("Noisy", LogLevel.Warning).AddOperatorsLog())
            .AddSingleton<IClusterMember>(new NoMember())
            .AddSingleton<ICommandHandler, LogHandler>()
            .BuildServiceProvider();
        _logger = _services.GetRequiredService<ILoggerFactory>().CreateLogger("Mesh.Test");
        _handler = _services.GetRequiredService<ICommandHandler>();
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    [Fact]
    public async Task History_shows_the_last_lines_that_were_asked_for_oldest_first()
    {
        for (var i = 0; i < LogBuffer.MaxLines + 5; i++)
            Say(LogLevel.Information, $"line {i}");
        Say(LogLevel.Error, "broken", new InvalidOperationException("the cause"));
        Say(LogLevel.Warning, "noisy", category: "Other");

        var last = await RunAsync("history", ("level", "trace"), ("limit", "3"));
        Assert.Equal(["line 1004", "broken", "noisy"], last.Select(row => row[3].Split('\n')[0]));
        Assert.Equal(["00:00:00.000", "error", "Mesh.Test"], last[1][..3]);
        Assert.Contains("the cause", last[1][3], StringComparison.Ordinal);
        Assert.Equal(LogBuffer.MaxLines, (await RunAsync("history", ("level", "trace"), ("limit", "1000"))).Count);
        Assert.Equal(["broken", "noisy"], (await RunAsync("history", ("level", "warning"), ("limit", "10"))).Select(row => row[3].Split('\n')[0]));
        Assert.Equal(["broken"], (await RunAsync("history", ("level", "warning"), ("limit", "10"), ("category", "mesh."))).Select(row => row[3].Split('\n')[0]));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1001")]
    [InlineData("many")]
    public async Task A_limit_that_is_none_is_named(string limit) =>
        Assert.Equal(
            $"--limit is '{limit}': needs a whole number, 1 to 1000",
            (await Assert.ThrowsAsync<CommandFailedException>(() => RunAsync("history", ("level", "trace"), ("limit", limit)))).Message);

    [Fact]
    public async Task The_level_can_be_changed_and_what_others_filter_stays_filtered()
    {
        Say(LogLevel.Debug, "before");
        Assert.Equal("the least level that is logged is information", Assert.Single(await LinesAsync("level")));
        Assert.StartsWith("the least level that is logged is debug from now on, it was information", Assert.Single(await LinesAsync("level", ("new", "debug"))), StringComparison.Ordinal);
        Say(LogLevel.Debug, "after");
        Say(LogLevel.Information, "noise", category: "Noisy");
        await LinesAsync("level", ("new", "error"));
        Say(LogLevel.Warning, "no more");
        await LinesAsync("level", ("new", "trace"));
        Say(LogLevel.Trace, "all");
        Assert.Equal(["after", "all"], (await RunAsync("history", ("level", "trace"), ("limit", "10"))).Select(row => row[3]));
    }

    [Fact]
    public void A_change_of_the_level_waits_until_all_have_heard_of_the_one_before()
    {
        using var levels = new LogLevelSwitch();
        var second = new Thread(() => levels.Set(LogLevel.Error)) { IsBackground = true };
        var (heard, waited) = (0, false);
        using var listening = ChangeToken.OnChange(levels.GetChangeToken, () =>
        {
            if (++heard > 1)
                return;
            second.Start();
            SpinWait.SpinUntil(() => second.ThreadState.HasFlag(ThreadState.WaitSleepJoin) || !second.IsAlive, TimeSpan.FromSeconds(30));
            waited = second.IsAlive;
        });
        levels.Set(LogLevel.Debug);
        Assert.True(second.Join(TimeSpan.FromSeconds(30)));
        Assert.Equal((2, true), (heard, waited));
    }

    [Fact]
    public async Task A_tail_tells_what_is_logged_from_then_on_and_there_is_no_end_of_tails()
    {
        Say(LogLevel.Error, "earlier");
        await using var tail = _handler.RunAsync(Call("tail", ("level", "warning")), CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await tail.MoveNextAsync());
        Assert.IsType<CommandOutput.Table>(tail.Current);
        Say(LogLevel.Information, "not asked for");
        Say(LogLevel.Warning, "asked for");
        Assert.True(await tail.MoveNextAsync());
        Assert.Equal("asked for", (string?)((CommandOutput.Row)tail.Current).Cells[3]);

        var others = new List<IAsyncEnumerator<CommandOutput>>();
        for (var i = 1; i < LogBuffer.MaxListeners; i++)
        {
            others.Add(_handler.RunAsync(Call("tail", ("level", "warning")), CancellationToken.None).GetAsyncEnumerator());
            await others[^1].MoveNextAsync();
        }

        Assert.Contains("16 operators tail", (await Assert.ThrowsAsync<CommandFailedException>(() => RunAsync("tail", ("level", "trace")))).Message, StringComparison.Ordinal);
        await others[0].DisposeAsync();
        await using var again = _handler.RunAsync(Call("tail", ("level", "warning")), CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await again.MoveNextAsync());
    }

    private sealed class NoMember : IClusterMember
    {
        public ActorSystem? System => null;

        public string Absence => "a test";
    }

    [Fact]
    public async Task A_tail_that_is_cancelled_gives_its_place_back()
    {
        for (var i = 0; i <= LogBuffer.MaxListeners; i++)
        {
            using var cancel = new CancellationTokenSource();
            await using var tail = _handler.RunAsync(Call("tail", ("level", "warning")), cancel.Token).GetAsyncEnumerator();
            Assert.True(await tail.MoveNextAsync());
            var next = tail.MoveNextAsync();
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
        }
    }

    private void Say(LogLevel level, string message, Exception? exception = null, string category = "Mesh.Test")
    {
        var logger = category == "Mesh.Test" ? _logger : _services.GetRequiredService<ILoggerFactory>().CreateLogger(category);
        logger.Log(level, default, message, exception, (text, _) => text);
    }

    private static CommandCall Call(string command, params (string Name, string Value)[] arguments) =>
        new(command, arguments.ToDictionary(argument => argument.Name, argument => argument.Value), "local");

    private async Task<List<string[]>> RunAsync(string command, params (string Name, string Value)[] arguments) =>
        (await OutputAsync(command, arguments)).OfType<CommandOutput.Row>().Select(row => row.Cells.Select(cell => $"{cell}").ToArray()).ToList();

    private async Task<List<string>> LinesAsync(string command, params (string Name, string Value)[] arguments) =>
        (await OutputAsync(command, arguments)).OfType<CommandOutput.Line>().Select(line => line.Text).ToList();

    private async Task<List<CommandOutput>> OutputAsync(string command, (string Name, string Value)[] arguments)
    {
        List<CommandOutput> answer = [];
        await foreach (var output in _handler.RunAsync(Call(command, arguments), CancellationToken.None))
            answer.Add(output);
        return answer;
    }
}
