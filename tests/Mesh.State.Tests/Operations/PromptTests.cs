using Mesh.Hosting.Operations;
using Mesh.Pbm;
using Mesh.Pbm.Interactive;
using Mesh.Testing.Operations;

namespace Mesh.State.Tests.Operations;

/// <summary>The prompt against a real operators' port, key by key.</summary>
public sealed class PromptTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTerminal _terminal;
    private OperationsServer _server = null!;

    public PromptTests() => _terminal = new FakeTerminal
    {
        IsInTerminal = true,
        IsOutTerminal = true,
        Variables = new() { ["XDG_STATE_HOME"] = _folder.Path, ["NO_COLOR"] = "1", ["PBM_COMPLETION_SECONDS"] = "30" },
    };

    public async Task InitializeAsync() => _server = await OperationsServer.StartAsync(_folder.Path);

    public async Task DisposeAsync() => await _server.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    private string HistoryPath => Path.Combine(_folder.Path, "mesh", "pbm-history");

    [Fact]
    public async Task Commands_run_one_after_the_other_until_Ctrl_D()
    {
        _terminal.Type("garage members\ngarage shw\nhelp garage open\n").Press(ConsoleKey.D, control: true);
        Assert.Equal(0, await RunAsync());
        var written = _terminal.Written.ToString();
        Assert.StartsWith($"mesh-garage 0.1.0 at 127.0.0.1:{_server.Port}. 'help' for commands, Tab completes, Ctrl-D leaves.\n", written, StringComparison.Ordinal);
        Assert.Contains("| [seed] | up | | 1.0.0\n", written, StringComparison.Ordinal);
        Assert.Contains("garage open: Opens a door.\n", written, StringComparison.Ordinal);
        Assert.Contains("did you mean show?", _terminal.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tab_completes_and_a_second_one_lists_the_choices()
    {
        _terminal.Type("ga\topen \t\tf\t\nexit\n");
        Assert.Equal(0, await RunAsync());
        Assert.Contains("\n  front                    which door\n  rear                     which door\n  --pin                    the door's PIN\n", _terminal.Written.ToString(), StringComparison.Ordinal);
        Assert.Contains("open: front\n", _terminal.Written.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tab_completes_what_only_the_host_knows()
    {
        _terminal.Type("garage explain V\t2\t\ngarage explain V-001 --like=ak\t\nexit\n");
        Assert.Equal(0, await RunAsync());
        Assert.Equal(["V-002 ", "V-001 akka.tcp://mesh@127.0.0.1:4053"], _server.Garage.Calls.Select(call => $"{call["car"]} {call.Find("like")}"));
    }

    [Fact]
    public async Task Destructive_commands_ask()
    {
        _terminal.Type("garage crush V-1\nn\ngarage crush V-2\ny\ngarage crush V-3 --yes\nexit\n");
        Assert.Equal(0, await RunAsync());
        Assert.Equal(["V-2", "V-3"], _server.Garage.Calls.Select(call => call["car"]));
    }

    [Fact]
    public async Task History_is_kept_across_runs_without_secrets_and_answers()
    {
        _terminal.Type("garage show\ngarage open front --pin 1234\ngarage crush V-1\nn\n hidden\nexit\n");
        await RunAsync();
        Assert.Equal(["garage show", "garage crush V-1"], await File.ReadAllLinesAsync(HistoryPath));
        _terminal.Press(ConsoleKey.UpArrow).Press(ConsoleKey.UpArrow).Type(" --all\nexit\n");
        await RunAsync();
        Assert.Equal("garage show --all", (await File.ReadAllLinesAsync(HistoryPath))[^1]);
        Assert.Equal("true", _server.Garage.Calls[^1]["all"]);
    }

    [Fact]
    public async Task Ctrl_C_ends_the_command_and_not_the_prompt()
    {
        var run = RunAsync();
        _terminal.Type("garage wait\n");
        await _server.Garage.Waiting.Task.WaitAsync(TimeSpan.FromSeconds(30));
        _terminal.Interrupt();
        _terminal.Type("drop this").Press(ConsoleKey.C, control: true).Type("garage members\nexit\n");
        Assert.Equal(0, await run);
        Assert.Contains("Count: 1 nodes", _terminal.Written.ToString(), StringComparison.Ordinal);
        Assert.Contains("drop this\e[K\r\e[14C^C\n", _terminal.Written.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_comes_back_is_found_again()
    {
        var port = _server.Port;
        var run = RunAsync();
        await _terminal.Written.SeenAsync("pbm> ");
        await _server.DisposeAsync();
        _terminal.Type("garage members\n");
        await _terminal.Errors.SeenAsync("cannot connect to");
        _server = await OperationsServer.StartAsync(_folder.Path, new OperationsSettings { Port = port });
        _terminal.Type("garage members\nexit\n");
        Assert.Equal(0, await run);
        Assert.Equal("", _terminal.Errors.ToString().Split('\n')[1]);
        Assert.Contains("Count: 1 nodes", _terminal.Written.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_history_is_bounded_in_memory_and_on_disk()
    {
        var history = new History(HistoryPath);
        for (var i = 0; i < 1200; i++)
            history.Add($"line {i}");
        Assert.Equal((History.Kept, "line 1199"), (history.Lines.Count, history.Lines[^1]));
        Assert.Equal(history.Lines, new History(HistoryPath).Lines);
        Assert.Equal(History.Kept, File.ReadAllLines(HistoryPath).Length);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, OperatingSystem.IsWindows() ? UnixFileMode.UserRead | UnixFileMode.UserWrite : File.GetUnixFileMode(HistoryPath));
    }

    [Fact]
    public void A_history_that_cannot_be_written_is_no_error()
    {
        var history = new History(Path.Combine(_folder.Write("file", ""), "history"));
        history.Add("line");
        Assert.Equal(["line"], history.Lines);
    }

    private Task<int> RunAsync() =>
        Task.Run(() => PbmProgram.RunAsync([$"127.0.0.1:{_server.Port}"], _terminal)).WaitAsync(TimeSpan.FromSeconds(60));
}
