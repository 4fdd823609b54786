using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Mesh.Hosting.Operations;
using Mesh.Operations;
using Mesh.Operations.Grammar;
using Mesh.Operations.Palettes;
using Mesh.State.Tests.Limits;
using Mesh.State.Tests.Telemetry;
using Mesh.Testing.Operations;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mesh.State.Tests.Operations;

public sealed class CommandRunnerTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _folder = new();
    private readonly DrivenClock _clock = new();
    private readonly GarageHandler _garage = new();
    private readonly CommandRunner _runner;

    public CommandRunnerTests() => _runner = Runner(_folder.Path);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_handler_gets_the_checked_call()
    {
        Assert.Equal(3, (await RunAsync("garage show --all")).Count);
        var call = Assert.Single(_garage.Calls);
        Assert.Equal(("show", "anna", "true", "100", false), (call.Command, call.Operator, call["all"], call["limit"], call.Has("state")));
        Assert.False(File.Exists(_folder.File("audit.jsonl")));
    }

    [Fact]
    public async Task Help_needs_no_handler()
    {
        var lines = (await RunAsync("help")).Cast<CommandOutput.Line>().Select(line => line.Text);
        Assert.Equal(["Palettes:", "  garage  A garage of sample cars."], lines.Take(2));
        Assert.Empty(_garage.Calls);
    }

    [Theory]
    [InlineData("garage shw", CommandRefusal.Wrong, "'garage' has no command 'shw': did you mean show?")]
    [InlineData("garage crush V-1", CommandRefusal.Unconfirmed, "'garage crush V-1' takes away what does not come back by itself: confirm it (--yes)")]
    [InlineData("garage fail", CommandRefusal.Failed, "the garage is closed: come back tomorrow")]
    [InlineData("garage break", CommandRefusal.Broken, "'garage break' failed; the log of this host says why")]
    public async Task What_does_not_work_is_told(string line, CommandRefusal refusal, string message)
    {
        var e = await Assert.ThrowsAsync<CommandRefusedException>(() => RunAsync(line));
        Assert.Equal((refusal, message), (e.Refusal, e.Message));
    }

    [Fact]
    public async Task A_destructive_command_runs_once_it_is_confirmed()
    {
        await Assert.ThrowsAsync<CommandRefusedException>(() => RunAsync("garage crush V-1"));
        Assert.Empty(_garage.Calls);
        Assert.False(File.Exists(_folder.File("audit.jsonl")));
        await RunAsync("garage crush V-1", isConfirmed: true);
        Assert.Single(_garage.Calls);
    }

    [Fact]
    public async Task What_changes_something_is_audited_with_its_outcome_and_without_secrets()
    {
        await RunAsync("garage open front --pin 1234");
        await Assert.ThrowsAsync<CommandRefusedException>(() => RunAsync("garage fail"));
        var audit = Audit();
        Assert.Equal(
            ["begun", "done", "begun", "failed"], audit.Select(entry => (string?)entry["outcome"]));
        Assert.Equal(("anna", "a peer", "garage open front --pin=***"), ((string?)audit[0]["operator"], (string?)audit[0]["peer"], (string?)audit[0]["command"]));
        Assert.Equal((string?)audit[0]["id"], (string?)audit[1]["id"]);
        Assert.Equal("the garage is closed: come back tomorrow", (string?)audit[3]["reason"]);
    }

    [Fact]
    public async Task What_changes_something_only_with_a_value_is_audited_only_then()
    {
        await RunAsync("garage light");
        Assert.False(File.Exists(_folder.File("audit.jsonl")));
        await RunAsync("garage light off");
        Assert.Equal("garage light off", (string?)Audit()[0]["command"]);
    }

    [Fact]
    public async Task An_answer_that_nobody_reads_to_its_end_is_audited_as_cancelled()
    {
        await foreach (var _ in _runner.RunAsync(Request("garage open front"), default))
            break;
        Assert.Equal(["begun", "cancelled"], Audit().Select(entry => (string?)entry["outcome"]));
    }

    [Fact]
    public async Task Nothing_changes_without_an_audit_log()
    {
        var runner = Runner(_folder.Write("a file", ""));
        var e = await Assert.ThrowsAsync<CommandRefusedException>(() => RunAsync("garage open front", runner: runner));
        Assert.Equal(CommandRefusal.Failed, e.Refusal);
        Assert.StartsWith("the audit log cannot be written, and nothing changes without: ", e.Message, StringComparison.Ordinal);
        Assert.Empty(_garage.Calls);
        await RunAsync("garage show", runner: runner);
    }

    [Fact]
    public async Task A_command_that_takes_too_long_is_ended()
    {
        var run = RunAsync("garage wait");
        var token = await _garage.Waiting.Task.WaitAsync(Patience);
        _clock.Advance(CommandRunner.Limit - TimeSpan.FromSeconds(1));
        Assert.False(token.IsCancellationRequested);
        _clock.Advance(TimeSpan.FromSeconds(2));
        var e = await Assert.ThrowsAsync<CommandRefusedException>(() => run.WaitAsync(Patience));
        Assert.Equal((CommandRefusal.Late, "'garage wait' took longer than 60 s"), (e.Refusal, e.Message));
    }

    [Fact]
    public async Task One_whose_definition_says_how_long_it_may_take_is_held_to_that()
    {
        var run = RunAsync("garage wait", runner: Runner(_folder.Path, new PatientHandler(_garage)));
        var token = await _garage.Waiting.Task.WaitAsync(Patience);
        _clock.Advance(TimeSpan.FromMinutes(9));
        Assert.False(token.IsCancellationRequested);
        _clock.Advance(TimeSpan.FromMinutes(2));
        var e = await Assert.ThrowsAsync<CommandRefusedException>(() => run.WaitAsync(Patience));
        Assert.Equal((CommandRefusal.Late, "'garage wait' took longer than 600 s"), (e.Refusal, e.Message));
    }

    [Theory]
    [InlineData("mesh load fashion_cnn", 600)]
    [InlineData("mesh unload fashion_cnn V-1", 600)]
    [InlineData("mesh usage", 60)]
    public async Task Models_may_take_ten_minutes_and_the_other_commands_of_the_mesh_one(string line, int seconds)
    {
        var handler = new StubbornHandler(MeshPalette.OfSeed, isStubborn: false);
        var run = RunAsync(line, runner: Runner(_folder.Path, handler));
        var token = await handler.Begun.Task.WaitAsync(Patience);
        _clock.Advance(TimeSpan.FromSeconds(seconds - 1));
        Assert.False(token.IsCancellationRequested);
        _clock.Advance(TimeSpan.FromSeconds(2));
        var e = await Assert.ThrowsAsync<CommandRefusedException>(() => run.WaitAsync(Patience));
        Assert.Equal((CommandRefusal.Late, $"'{line}' took longer than {seconds} s"), (e.Refusal, e.Message));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_that_does_not_end_when_it_is_told_to_keeps_its_place_and_nobody_waiting(bool isBlocking)
    {
        var log = new RecordedLog<CommandRunner>();
        var handler = new StubbornHandler(GarageHandler.Definition, isStubborn: true, isBlocking);
        var runner = Runner(_folder.Path, handler, log);
        var run = RunAsync("garage fail", runner: runner);
        await handler.Begun.Task.WaitAsync(Patience);
        _clock.Advance(CommandRunner.Limit + TimeSpan.FromSeconds(1));
        await _clock.TimerAsync(length => length == CommandRunner.Grace);
        Assert.False(run.IsCompleted);
        _clock.Advance(CommandRunner.Grace);
        var e = await Assert.ThrowsAsync<CommandRefusedException>(() => run.WaitAsync(Patience));
        Assert.Equal((CommandRefusal.Late, "'garage fail' took longer than 60 s"), (e.Refusal, e.Message));
        Assert.Equal(["begun", "too late"], Audit().Select(entry => (string?)entry["outcome"]));
        Assert.Equal(
            [
                "Warning: An operator's command was ended after its limit of 60 s: garage fail",
                "Error: A command's handler has not ended 2 s after it was told to, and keeps one of the places of commands until it does: garage fail",
            ],
            log.Lines.Where(line => !line.StartsWith("Information", StringComparison.Ordinal)));

        // All places but its own are taken, and no other is free until it ends.
        using var cancel = new CancellationTokenSource();
        var others = Enumerable.Range(1, CommandRunner.MaxCommands - 1).Select(_ => RunAsync("garage wait", runner: runner, cancellation: cancel.Token)).ToList();
        Assert.Equal(CommandRefusal.Busy, (await Assert.ThrowsAsync<CommandRefusedException>(() => RunAsync("garage show", runner: runner))).Refusal);
        handler.Release("a mistake that nobody hears");
        Assert.True(SpinWait.SpinUntil(() => log.Lines.Contains("Error: An operator's command failed: garage fail"), Patience));
        Assert.Contains("Warning: A command's handler has ended 2 s after it was told to: garage fail", log.Lines);
        Assert.True(SpinWait.SpinUntil(() => RunAsync("garage show", runner: runner).ContinueWith(shown => shown.IsCompletedSuccessfully, TaskScheduler.Default).Result, Patience));
        await cancel.CancelAsync();
        foreach (var other in others)
            await Assert.ThrowsAsync<CommandRefusedException>(() => other.WaitAsync(Patience));
    }

    [Fact]
    public async Task Values_of_a_begun_word_are_those_that_begin_so_in_order_and_not_too_many()
    {
        _garage.Cars = _ => Task.FromResult<IEnumerable<string>>(["V-2", "V-1", "V-2", "v-3", "V-$(x)", "-V"]);
        Assert.Equal("V-1 V-2", await OfferedAsync("V"));
        Assert.Equal("V-1 V-2", await OfferedAsync("--like=V"));
        Assert.Equal("V-1 V-2 v-3", await OfferedAsync(""));
        Assert.Equal("", await OfferedAsync("W"));
        Assert.Empty(await _runner.CompleteAsync(["garage", "show", "--state"], "", default));
        Assert.Empty(await _runner.CompleteAsync(["nothing"], "", default));
        Assert.Empty(await _runner.CompleteAsync([], "", default));
        Assert.Equal("", await OfferedAsync(new string('V', 5000)));
        _garage.Cars = _ => Task.FromResult(Enumerable.Range(0, 1000).Select(i => $"V-{999 - i:000}"));
        Assert.Equal(string.Join(' ', Enumerable.Range(0, 100).Select(i => $"V-{i:000}")), await OfferedAsync(""));
        Assert.Empty(_garage.Calls);

        async Task<string> OfferedAsync(string begun) => string.Join(' ', await _runner.CompleteAsync(["garage", "explain"], begun, default));
    }

    [Fact]
    public async Task Values_that_cannot_be_told_are_none_and_a_mistake_is_logged()
    {
        var log = new RecordedLog<CommandRunner>();
        var runner = Runner(_folder.Path, log: log);
        _garage.Cars = _ => throw new CommandFailedException("not now");
        Assert.Empty(await runner.CompleteAsync(["garage", "explain"], "", default));
        Assert.Empty(log.Lines);
        _garage.Cars = _ => throw new InvalidOperationException("a mistake");
        Assert.Empty(await runner.CompleteAsync(["garage", "explain"], "", default));
        Assert.Equal(["Warning: The values of car of 'garage explain' cannot be offered for completion"], log.Lines);
    }

    [Fact]
    public async Task Values_that_come_late_keep_nobody_waiting_only_a_place()
    {
        var (begun, late, count) = (new TaskCompletionSource(), new TaskCompletionSource<IEnumerable<string>>(), 0);
        _garage.Cars = _ =>
        {
            if (Interlocked.Increment(ref count) == CommandRunner.MaxCommands)
                begun.TrySetResult();
            return late.Task;
        };
        var asked = Enumerable.Range(0, CommandRunner.MaxCommands).Select(_ => _runner.CompleteAsync(["garage", "explain"], "", default)).ToList();
        await begun.Task.WaitAsync(Patience);
        Assert.DoesNotContain(asked, task => task.IsCompleted);
        _clock.Advance(CommandRunner.CompletionLimit);
        Assert.All(await Task.WhenAll(asked).WaitAsync(Patience), values => Assert.Empty(values));
        Assert.Equal(CommandRefusal.Busy, (await Assert.ThrowsAsync<CommandRefusedException>(() => RunAsync("garage show"))).Refusal);
        late.SetResult(["V-1"]);
        Assert.True(SpinWait.SpinUntil(() => RunAsync("garage show").ContinueWith(shown => shown.IsCompletedSuccessfully, TaskScheduler.Default).Result, Patience));
    }

    [Fact]
    public async Task An_endless_one_goes_on_until_it_is_cancelled()
    {
        using var cancel = new CancellationTokenSource();
        var run = RunAsync("garage tail", cancellation: cancel.Token);
        var token = await _garage.Waiting.Task.WaitAsync(Patience);
        _clock.Advance(TimeSpan.FromDays(1));
        Assert.False(token.IsCancellationRequested);
        await cancel.CancelAsync();
        var e = await Assert.ThrowsAsync<CommandRefusedException>(() => run.WaitAsync(Patience));
        Assert.Equal(CommandRefusal.Cancelled, e.Refusal);
    }

    [Fact]
    public async Task So_many_run_at_once_and_no_more()
    {
        using var cancel = new CancellationTokenSource();
        var running = Enumerable.Range(0, CommandRunner.MaxCommands).Select(_ => RunAsync("garage wait", cancellation: cancel.Token)).ToList();
        var e = await Assert.ThrowsAsync<CommandRefusedException>(() => RunAsync("garage show"));
        Assert.Equal((CommandRefusal.Busy, "so many commands run here already, 32 or 16 endless ones: stop one, or try again later"), (e.Refusal, e.Message));
        await cancel.CancelAsync();
        foreach (var run in running)
            await Assert.ThrowsAsync<CommandRefusedException>(() => run.WaitAsync(Patience));
        await RunAsync("garage show");
    }

    [Fact]
    public async Task Endless_ones_leave_room_for_others()
    {
        using var cancel = new CancellationTokenSource();
        var tails = Enumerable.Range(0, CommandRunner.MaxEndless).Select(_ => RunAsync("garage tail", cancellation: cancel.Token)).ToList();
        Assert.Equal(CommandRefusal.Busy, (await Assert.ThrowsAsync<CommandRefusedException>(() => RunAsync("garage tail"))).Refusal);
        await RunAsync("garage show");
        await cancel.CancelAsync();
        foreach (var tail in tails)
            await Assert.ThrowsAsync<CommandRefusedException>(() => tail.WaitAsync(Patience));
    }

    [Fact]
    public void Palettes_that_cannot_be_told_apart_are_not_served()
    {
        var e = Assert.Throws<InvalidOperationException>(() => new CommandRunner(
            [_garage, new GarageHandler()], new AuditLog(_folder.Path, _clock, NullLogger<AuditLog>.Instance), _clock, NullLogger<CommandRunner>.Instance));
        Assert.Equal("The commands cannot be served: two palettes are named 'garage'", e.Message);
    }

    private CommandRunner Runner(string data, ICommandHandler? handler = null, ILogger<CommandRunner>? log = null) =>
        new([handler ?? _garage], new AuditLog(data, _clock, NullLogger<AuditLog>.Instance), _clock, log ?? NullLogger<CommandRunner>.Instance);

    private async Task<List<CommandOutput>> RunAsync(
        string line, bool isConfirmed = false, CommandRunner? runner = null, CancellationToken cancellation = default)
    {
        var outputs = new List<CommandOutput>();
        await foreach (var output in (runner ?? _runner).RunAsync(Request(line) with { IsConfirmed = isConfirmed }, cancellation))
            outputs.Add(output);
        return outputs;
    }

    private static CommandRequest Request(string line) => new(WordSplitter.Split(line).Words, false, "anna", "a peer");

    private List<JsonNode> Audit() => [.. File.ReadAllLines(_folder.File("audit.jsonl")).Select(line => JsonNode.Parse(line)!)];

    /// <summary>Lets the garage's "wait" take ten minutes.</summary>
    private sealed class PatientHandler(GarageHandler garage) : ICommandHandler
    {
        public CommandPalette Palette { get; } = new("garage", "Waits.", [GarageHandler.Definition.Find("wait")! with { Limit = TimeSpan.FromMinutes(10) }]);

        public IAsyncEnumerable<CommandOutput> RunAsync(CommandCall call, CancellationToken cancellation) => garage.RunAsync(call, cancellation);
    }

    /// <summary>Its first command goes on until it is released, or, unless it is stubborn, cancelled. Of the others "show" answers and the rest wait.</summary>
    private sealed class StubbornHandler(CommandPalette palette, bool isStubborn, bool isBlocking = false) : ICommandHandler
    {
        private readonly TaskCompletionSource _released = new();
        private int _calls;

        public CommandPalette Palette => palette;

        public TaskCompletionSource<CancellationToken> Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release(string mistake) => _released.SetException(new InvalidOperationException(mistake));

        public async IAsyncEnumerable<CommandOutput> RunAsync(CommandCall call, [EnumeratorCancellation] CancellationToken cancellation)
        {
            yield return new CommandOutput.Line("begins");
            if (Interlocked.Increment(ref _calls) == 1)
            {
                Begun.SetResult(cancellation);
                if (isBlocking)
                    ((IAsyncResult)_released.Task).AsyncWaitHandle.WaitOne();
                await (isStubborn ? _released.Task : Task.Delay(Timeout.Infinite, cancellation));
            }
            else if (call.Command != "show")
            {
                await Task.Delay(Timeout.Infinite, cancellation);
            }
        }
    }
}
