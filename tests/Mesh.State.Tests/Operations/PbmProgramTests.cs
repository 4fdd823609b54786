using Mesh.Pbm;
using Mesh.Testing.Operations;

namespace Mesh.State.Tests.Operations;

/// <summary>The whole client against a real operators' port, with a terminal of the test's.</summary>
public sealed class PbmProgramTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private OperationsServer _server = null!;

    private string Host => $"127.0.0.1:{_server.Port}";

    public async Task InitializeAsync() => _server = await OperationsServer.StartAsync(_folder.Path);

    public async Task DisposeAsync() => await _server.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("garage members", 0, "akka.tcp://mesh@127.0.0.1:4053 | [seed] | up | | 1.0.0\nCount: 1 nodes\n", "")]
    [InlineData("garage members --json", 0, null, "")]
    [InlineData("help", 0, null, "")]
    [InlineData("garage open --help", 0, null, "")]
    [InlineData("garage fail", 1, "tries\n", "pbm: the garage is closed: come back tomorrow\n")]
    [InlineData("garage break", 1, "", "pbm: 'garage break' failed; the log of this host says why\n")]
    [InlineData("garage shw", 2, "", "pbm: 'garage' has no command 'shw': did you mean show?\n")]
    [InlineData("garage show --watch=0", 2, "", "pbm: --watch=0: needs seconds, 0.1 to 86400\n")]
    [InlineData("garage show --cert x", 2, "", "pbm: --cert and --key belong together: give both or none\n")]
    [InlineData("garage tail --watch", 2, "", "pbm: 'garage tail' goes on by itself: run it without --watch\n")]
    [InlineData("garage open front --watch", 2, "", "pbm: 'garage open front' changes something: run it without --watch\n")]
    public async Task A_command_has_its_answer_its_errors_and_its_exit_code(string line, int exitCode, string? output, string errors)
    {
        var terminal = new FakeTerminal();
        Assert.Equal(exitCode, await RunAsync(terminal, [Host, .. line.Split(' ')]));
        Assert.Equal(errors, terminal.Errors.ToString().ReplaceLineEndings("\n"));
        if (output is null)
            Assert.NotEqual("", terminal.Written.ToString());
        else
            Assert.Equal(output, terminal.Written.ToString());
    }

    [Theory]
    [InlineData("--help", "pbm queries and steers")]
    [InlineData("--version", "pbm 0.")]
    [InlineData("completion bash", "# bash completion of pbm")]
    [InlineData("completion zsh", "#compdef pbm")]
    [InlineData("completion fish", "# fish completion of pbm")]
    public async Task Some_words_need_no_host(string line, string beginning)
    {
        var terminal = new FakeTerminal();
        Assert.Equal(0, await RunAsync(terminal, line.Split(' ')));
        Assert.StartsWith(beginning, terminal.Written.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_host_the_exit_code_is_3()
    {
        await _server.StopAsync();
        var terminal = new FakeTerminal();
        Assert.Equal(3, await RunAsync(terminal, Host, "garage", "show"));
        Assert.StartsWith($"pbm: cannot connect to {Host}: ", terminal.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_destructive_command_is_not_run_unless_somebody_agrees()
    {
        var nobody = new FakeTerminal();
        Assert.Equal(2, await RunAsync(nobody, Host, "garage", "crush", "V-1"));
        Assert.Contains("agree with --yes", nobody.Errors.ToString(), StringComparison.Ordinal);
        var no = new FakeTerminal { IsInTerminal = true, In = new StringReader("no\n") };
        Assert.Equal(2, await RunAsync(no, Host, "garage", "crush", "V-1"));
        Assert.Empty(_server.Garage.Calls);
        var yes = new FakeTerminal { IsInTerminal = true, In = new StringReader("y\n") };
        Assert.Equal(0, await RunAsync(yes, Host, "garage", "crush", "V-1"));
        Assert.Equal(0, await RunAsync(new FakeTerminal(), Host, "garage", "crush", "V-1", "--yes"));
        Assert.Equal(2, _server.Garage.Calls.Count);
    }

    [Fact]
    public async Task Nothing_catches_Ctrl_C_while_a_person_is_asked()
    {
        var answers = new AskedReader();
        var terminal = new FakeTerminal { IsInTerminal = true, In = answers };
        answers.Asked = () => Assert.Equal(0, terminal.Interruptions);
        Assert.Equal(0, await RunAsync(terminal, Host, "garage", "crush", "V-1"));
        Assert.Equal((1, 0), (answers.Count, terminal.Interruptions));
    }

    [Fact]
    public async Task Colours_are_for_terminals_that_want_them()
    {
        Assert.Contains("\e[", await ShowAsync(new FakeTerminal { IsOutTerminal = true }), StringComparison.Ordinal);
        Assert.DoesNotContain("\e[", await ShowAsync(new FakeTerminal { IsOutTerminal = false }), StringComparison.Ordinal);
        Assert.DoesNotContain("\e[", await ShowAsync(new FakeTerminal { IsOutTerminal = true }, "--no-color"), StringComparison.Ordinal);
        var unwanted = new FakeTerminal { IsOutTerminal = true, Variables = new() { ["NO_COLOR"] = "1" } };
        Assert.DoesNotContain("\e[", await ShowAsync(unwanted), StringComparison.Ordinal);

        async Task<string> ShowAsync(FakeTerminal terminal, params string[] options)
        {
            Assert.Equal(0, await RunAsync(terminal, [Host, "garage", "show", .. options]));
            return terminal.Written.ToString();
        }
    }

    [Fact]
    public async Task Many_rows_arrive_all()
    {
        var terminal = new FakeTerminal();
        Assert.Equal(0, await RunAsync(terminal, Host, "garage", "flood", "5000"));
        Assert.Equal(5002, terminal.Written.ToString().Split('\n').Length);
    }

    [Fact]
    public async Task A_tail_shows_each_row_at_once_and_ends_well_with_Ctrl_C()
    {
        var terminal = new FakeTerminal();
        var run = RunAsync(terminal, Host, "garage", "tail");
        await terminal.Written.SeenAsync("begun");
        _server.Garage.Happen("door");
        await terminal.Written.SeenAsync("door");
        terminal.Interrupt();
        Assert.Equal(0, await run);
    }

    [Fact]
    public async Task A_command_that_was_interrupted_has_the_shells_exit_code_and_its_host_knows()
    {
        var terminal = new FakeTerminal();
        var run = RunAsync(terminal, Host, "garage", "wait");
        var cancelled = new TaskCompletionSource();
        (await _server.Garage.Waiting.Task.WaitAsync(TimeSpan.FromSeconds(30))).Register(cancelled.SetResult);
        terminal.Interrupt();
        Assert.Equal(130, await run);
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_host_that_stops_ends_its_tails_at_once()
    {
        var terminal = new FakeTerminal();
        var run = RunAsync(terminal, Host, "garage", "tail");
        await terminal.Written.SeenAsync("begun");
        await _server.StopAsync();
        Assert.Equal(3, await run);
        Assert.StartsWith("pbm: ", terminal.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_draws_the_newest_answer_in_the_same_place()
    {
        var terminal = new FakeTerminal { IsOutTerminal = true, Variables = new() { ["NO_COLOR"] = "1" } };
        var run = RunAsync(terminal, Host, "garage", "show", "--watch", "0.1");
        await terminal.Written.SeenAsync("\e[H");
        await terminal.Written.SeenAsync("\e[H", terminal.Written.ToString().Length);
        terminal.Interrupt();
        Assert.Equal(0, await run);
        var written = terminal.Written.ToString();
        Assert.StartsWith("\e[?1049h\e[?25l\e[Hgarage show", written, StringComparison.Ordinal);
        Assert.Contains("V-001  parked             0        81.5  no       -\e[K\n", written, StringComparison.Ordinal);
        // The screen from before comes back, with the last answer below.
        Assert.Matches("\e\\[\\?25h\e\\[\\?1049lcar    state .*\nV-001", written[written.LastIndexOf("\e[J", StringComparison.Ordinal)..]);
    }

    [Fact]
    public async Task Watch_for_a_program_prints_one_answer_after_the_other()
    {
        var terminal = new FakeTerminal();
        var run = RunAsync(terminal, Host, "garage", "members", "--json", "--watch", "0.1");
        await terminal.Written.SeenAsync("Count");
        await terminal.Written.SeenAsync("Count", terminal.Written.ToString().Length);
        terminal.Interrupt();
        Assert.Equal(0, await run);
        Assert.DoesNotContain("\e", terminal.Written.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_looks_at_what_changes_something_only_with_a_value()
    {
        var terminal = new FakeTerminal();
        var run = RunAsync(terminal, Host, "garage", "light", "--watch", "0.1");
        await terminal.Written.SeenAsync("light: on");
        terminal.Interrupt();
        Assert.Equal(0, await run);
        var refused = new FakeTerminal();
        Assert.Equal(2, await RunAsync(refused, Host, "garage", "light", "off", "--watch", "0.1"));
        Assert.Equal("pbm: 'garage light off' changes something: run it without --watch\n", refused.Errors.ToString());
    }

    [Fact]
    public async Task Lines_of_an_input_are_run_until_one_fails()
    {
        var terminal = new FakeTerminal { In = new StringReader("# a script\n\ngarage open 'front'\ngarage fail\ngarage open rear\n") };
        Assert.Equal(1, await RunAsync(terminal, Host));
        Assert.Equal("open: front\ntries\n", terminal.Written.ToString());
    }

    [Theory]
    [InlineData("HOST garage s", "show\tLists the cars.\n")]
    [InlineData("HOST garage show --state ", "parked\ta car's state\naway\ta car's state\n")]
    [InlineData("--ca ", ":files\t\n")]
    [InlineData("completion ", "bash\t\nzsh\t\nfish\t\n")]
    [InlineData("127.0.0.1:1 garage s", "")]
    [InlineData("comp", "completion\ta script that completes pbm's words\n")]
    public async Task Shells_get_candidates(string line, string candidates)
    {
        var terminal = new FakeTerminal();
        Assert.Equal(0, await RunAsync(terminal, ["__complete", .. line.Replace("HOST", Host, StringComparison.Ordinal).Split(' ')]));
        Assert.Equal(candidates, terminal.Written.ToString());
    }

    /// <summary>Agrees to everything.</summary>
    private sealed class AskedReader : TextReader
    {
        public Action? Asked { get; set; }

        public int Count { get; private set; }

        public override string? ReadLine()
        {
            Asked?.Invoke();
            Count++;
            return "y";
        }
    }

    private static async Task<int> RunAsync(FakeTerminal terminal, params string[] arguments) =>
        await Task.Run(() => PbmProgram.RunAsync(arguments, terminal)).WaitAsync(TimeSpan.FromSeconds(60));
}
