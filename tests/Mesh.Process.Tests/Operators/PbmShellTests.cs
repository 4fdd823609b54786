using System.Diagnostics;
using System.Text;
using Mesh.Process.Tests.Meshes;

namespace Mesh.Process.Tests.Operators;

/// <summary>pbm among the programs of a Unix: pipes, shells that complete its words, a terminal.</summary>
public sealed class PbmShellTests(OperatedGarage garage) : IClassFixture<OperatedGarage>
{
    private Dictionary<string, string> Variables => new() { ["PATH"] = garage.Path, ["HOST"] = garage.Host, ["TERM"] = "xterm", ["HOME"] = garage.Folder, ["PBM_COMPLETION_SECONDS"] = "30" };

    [ShellTheory("sh", "head")]
    [InlineData("pbm $HOST garage flood 200000 | head -1", "number  text\n")]
    [InlineData("pbm $HOST garage flood 200000 --json | head -1", "{\"number\":0,\"text\":\"a row\"}\n")]
    [InlineData("(pbm $HOST garage members; pbm $HOST garage open front) > $HOME/both; tail -1 $HOME/both; wc -l < $HOME/both", "open: front\n3\n")]
    [InlineData("printf 'garage open front\\ngarage nonsense\\ngarage open rear\\n' | pbm $HOST 2>/dev/null; echo $?", "open: front\n2\n")]
    public async Task Pipes_and_files_are_as_with_other_programs(string script, string output)
    {
        var ended = await PbmTool.RunAsync("sh", ["-c", script], Variables);
        Assert.Equal((output, ""), (ended.Output, ended.Errors));
    }

    /// <summary>Prints what each of its lines is completed to.</summary>
    internal const string Bash = """
        source <(pbm completion bash)
        while read -r line; do
            line="${line%_}"; COMP_LINE="$line"; COMP_POINT=${#line}; COMPREPLY=(); _pbm; echo "${COMPREPLY[*]}"
        done
        """;

    // The functions of zsh's completion system need a terminal; the script itself is run as it is.
    private const string Zsh = """
        compdef() { : }
        _files() { print -r -- "$PREFIX files" }
        _describe() { print -r -- "${(@)${(@P)2}%%:*}" }
        source <(pbm completion zsh)
        while read -r line; do words=("${(@s: :)${line%_}}"); CURRENT=$#words; _pbm || print; done
        """;

    private const string Fish = """
        pbm completion fish | source
        while read line
            echo (complete -C (string replace -r '_$' '' -- $line) | string split -f1 \t)
        end
        """;

    [ShellTheory("bash", "zsh", "fish")]
    [InlineData("bash", Bash, "parked")]
    [InlineData("zsh", Zsh, "--state=parked")]
    [InlineData("fish", Fish, "--state=parked")]
    public async Task Shells_complete_the_hosts_words(string shell, string script, string state)
    {
        // '_' ends each line, since 'read' drops blanks at its end.
        var lines = new[] { "pbm HOST ga_", "pbm HOST garage o_", "pbm HOST garage open _", "pbm HOST garage show --state=p_", "pbm HOST garage explain V-0_", "pbm completion b_" };
        var input = string.Concat(lines.Select(line => line.Replace("HOST", garage.Host, StringComparison.Ordinal) + "\n"));
        var ended = await PbmTool.RunAsync(
            shell, shell switch { "bash" => ["--norc", "-c", script], "zsh" => ["-f", "-c", script], _ => ["--no-config", "-c", script] }, Variables, input);
        var words = ended.Output.TrimEnd('\n').Split('\n').Select(line => string.Join(' ', line.Split(' ').Order(StringComparer.Ordinal)));
        Assert.Equal(["garage", "open", "--pin front rear", state, "V-001 V-002", "bash"], words);
        Assert.Equal("", ended.Errors);
    }

    [ShellTheory("script")]
    [InlineData("pbm> ")]
    public async Task On_a_terminal_there_is_a_prompt_that_outlives_Ctrl_C(string prompt)
    {
        using var terminal = new Terminal($"pbm {garage.Host}", Variables);
        await terminal.SeeAsync(prompt);
        await terminal.TypeAsync("ga\tme\t\r", "Count: 1 nodes");
        await terminal.SeeAsync(prompt);
        await terminal.TypeAsync("garage tail\r", "begun");
        await terminal.TypeAsync("\x03", prompt);
        await terminal.TypeAsync("garage crush V-1\r", "Run it? [y/N]");
        await terminal.TypeAsync("n\r", "not run");
        await terminal.SeeAsync(prompt);
        await terminal.TypeAsync("\e[A\e[A\e[A\r", "Count: 1 nodes");
        await terminal.SeeAsync(prompt);
        await terminal.TypeAsync("\x04", "");
        Assert.Equal(0, await terminal.ExitAsync());
    }

    /// <summary>Bash breaks a word at ':' and '@', and keeps for itself what is before.</summary>
    [ShellTheory("script", "bash")]
    [InlineData("akka.tcp")]
    [InlineData("akka.tcp://mesh@1")]
    [InlineData("akka.tcp://mesh@127.0.0.1:4")]
    public async Task Tab_in_a_shell_completes_what_only_the_host_knows(string begun)
    {
        using var terminal = new Terminal("bash --norc -i", Variables);
        await terminal.TypeAsync("source <(pbm completion bash); echo rea''dy\r", "ready");
        await terminal.TypeAsync($"pbm {garage.Host} garage explain V-001 --like {begun}\t", "--like akka.tcp://mesh@127.0.0.1:4053 ");
        await terminal.TypeAsync("\r", "fashion_cnn, blazeface");
        // Not Ctrl-D: while pbm is still ending, that is an end of its own input.
        await terminal.TypeAsync("exit\r", "");
        Assert.Equal(0, await terminal.ExitAsync());
    }

    /// <summary>A pseudo-terminal, of <c>script</c>(1).</summary>
    private sealed class Terminal : IDisposable
    {
        private readonly System.Diagnostics.Process _process;
        private readonly StringBuilder _seen = new();
        private readonly byte[] _buffer = new byte[4096];
        private int _read;

        public Terminal(string command, Dictionary<string, string> environment)
        {
            // Where the tests run in the background, SIGINT is ignored, and children inherit that; on a person's terminal it is not.
            var start = new ProcessStartInfo("script", ["-q", "-e", "-c", $"stty cols 100 rows 30; exec env --default-signal=INT {command}", "/dev/null"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            };
            foreach (var (name, value) in environment)
                start.Environment[name] = value;
            _process = System.Diagnostics.Process.Start(start)!;
        }

        public async Task TypeAsync(string keys, string answer)
        {
            await _process.StandardInput.WriteAsync(keys);
            await _process.StandardInput.FlushAsync();
            await SeeAsync(answer);
        }

        /// <summary>Reads until the text is there, behind what was waited for before.</summary>
        public async Task SeeAsync(string text)
        {
            using var limit = new CancellationTokenSource(TestMesh.Limit);
            while (true)
            {
                var at = _seen.ToString().IndexOf(text, _read, StringComparison.Ordinal);
                if (at >= 0)
                {
                    _read = at + text.Length;
                    return;
                }

                var count = await ReadAsync(limit.Token);
                Assert.True(count > 0, $"the terminal has ended without '{text}': {_seen}");
            }
        }

        public async Task<int> ExitAsync()
        {
            using var limit = new CancellationTokenSource(TestMesh.Limit);
            while (await ReadAsync(limit.Token) > 0)
            {
            }

            await _process.WaitForExitAsync(limit.Token);
            return _process.ExitCode;
        }

        public void Dispose()
        {
            if (!_process.HasExited)
                _process.Kill(entireProcessTree: true);
            _process.Dispose();
        }

        private async Task<int> ReadAsync(CancellationToken limit)
        {
            try
            {
                var count = await _process.StandardOutput.BaseStream.ReadAsync(_buffer, limit);
                _seen.Append(Encoding.UTF8.GetString(_buffer, 0, count));
                return count;
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"the terminal shows only: {_seen}");
            }
        }
    }
}
