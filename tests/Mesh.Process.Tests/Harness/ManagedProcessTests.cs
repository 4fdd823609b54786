using Mesh.Demo.Processes;

namespace Mesh.Process.Tests.Harness;

public sealed class ManagedProcessTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_line_of_either_output_is_waited_for()
    {
        await using var process = Start("say", "out", "complain", "err", "serve");
        Assert.Equal("out", await process.WaitForLineAsync(line => line == "out", Limit));
        Assert.Equal("err", await process.WaitForLineAsync(line => line == "err", Limit));
        await process.WaitForLineAsync(line => line == "serving", Limit);
        Assert.Equal(3, process.LineCount);
        Assert.Null(process.ExitCode);
    }

    [Fact]
    public async Task Every_line_is_told_and_the_last_ones_are_kept()
    {
        var told = 0;
        await using var process = ManagedProcess.Start(Spec("count", "2000") with { OnLine = _ => Interlocked.Increment(ref told) });
        Assert.Equal(0, await process.Exited.WaitAsync(Limit));
        Assert.Equal(2000, told);
        Assert.Equal(2000, process.LineCount);
        var kept = process.Tail(int.MaxValue).Split(Environment.NewLine);
        Assert.Equal(ManagedProcess.KeptLines, kept.Length);
        Assert.Equal("line 2000", kept[^1]);
    }

    [Fact]
    public async Task Waiting_can_leave_out_lines_already_printed()
    {
        await using var process = Start("serve");
        await process.WaitForLineAsync(line => line == "serving", Limit);
        var later = process.WaitForLineAsync(_ => true, Limit, after: process.LineCount);
        Assert.False(later.IsCompleted);
        Assert.True(await process.TerminateAsync(Limit));
        Assert.Equal("draining", await later);
    }

    [Fact]
    public async Task An_early_exit_fails_the_wait_with_the_code_and_the_last_lines()
    {
        await using var process = Start("complain", "port 8000 is taken", "exit", "3");
        var failure = await Assert.ThrowsAsync<ProcessExitedException>(
            () => process.WaitForLineAsync(line => line == "never", Limit));
        Assert.Equal(3, failure.ExitCode);
        Assert.Contains("port 8000 is taken", failure.Message, StringComparison.Ordinal);
        Assert.Equal(3, process.ExitCode);
    }

    [Fact]
    public async Task A_line_printed_right_before_the_exit_still_counts()
    {
        await using var process = Start("say", "last words", "exit", "0");
        await process.Exited.WaitAsync(Limit);
        Assert.Equal("last words", await process.WaitForLineAsync(line => line == "last words", Limit));
    }

    [Fact]
    public async Task A_line_that_does_not_come_fails_the_wait_with_the_last_lines()
    {
        await using var process = Start("serve");
        await process.WaitForLineAsync(line => line == "serving", Limit);
        var failure = await Assert.ThrowsAsync<TimeoutException>(
            () => process.WaitForLineAsync(line => line == "never", TimeSpan.FromMilliseconds(50)));
        Assert.Contains("serving", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Terminate_lets_it_leave_by_itself()
    {
        await using var process = Start("serve");
        await process.WaitForLineAsync(line => line == "serving", Limit);
        Assert.True(await process.TerminateAsync(Limit));
        // Without signals it is told by its standard input instead.
        Assert.Equal(OperatingSystem.IsWindows() ? 0 : 7, process.ExitCode);
    }

    [Fact]
    public async Task Terminate_kills_what_does_not_leave()
    {
        if (OperatingSystem.IsWindows())
            return;
        await using var process = Start("stubborn");
        await process.WaitForLineAsync(line => line == "serving", Limit);
        Assert.False(await process.TerminateAsync(TimeSpan.FromMilliseconds(100)));
        Assert.Equal(128 + 9, process.ExitCode);
    }

    [Fact]
    public async Task Kill_gives_no_chance_to_say_goodbye()
    {
        await using var process = Start("serve");
        await process.WaitForLineAsync(line => line == "serving", Limit);
        process.Kill();
        Assert.NotEqual(0, await process.Exited.WaitAsync(Limit));
        Assert.DoesNotContain("draining", process.Tail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dispose_ends_it()
    {
        var process = Start("serve");
        await process.WaitForLineAsync(line => line == "serving", Limit);
        await process.DisposeAsync();
        Assert.True(process.Exited.IsCompleted);
    }

    [Fact]
    public async Task Nothing_survives_a_killed_parent()
    {
        await using var parent = Start("parent");
        using var child = await ChildOfAsync(parent);
        parent.Kill();
        await parent.Exited.WaitAsync(Limit);
        await child.WaitForExitAsync().WaitAsync(Limit);
    }

    [Fact]
    public async Task The_environment_is_added_to()
    {
        await using var process = ManagedProcess.Start(Spec("show", "MESH_HARNESS", "show", "MESH_EXIT_ON_STDIN_CLOSE") with
        {
            Environment = new Dictionary<string, string?> { ["MESH_HARNESS"] = "grüß" },
        });
        await process.Exited.WaitAsync(Limit);
        Assert.Equal($"grüß{Environment.NewLine}1", process.Tail());
    }

    [Fact]
    public void A_program_that_is_not_there_is_named()
    {
        Assert.Contains("Mesh.Nothing.dll", Assert.Throws<FileNotFoundException>(
            () => ProcessSpec.Dotnet("nothing", "Mesh.Nothing.dll", [])).Message, StringComparison.Ordinal);
        Assert.Contains("no-such-program", Assert.Throws<InvalidOperationException>(
            () => ManagedProcess.Start(new ProcessSpec("nothing", "no-such-program", []))).Message, StringComparison.Ordinal);
    }

    internal static ManagedProcess Start(params string[] words) => ManagedProcess.Start(Spec(words));

    /// <summary>The process whose id the parent prints as <c>child ID</c>.</summary>
    internal static async Task<System.Diagnostics.Process> ChildOfAsync(ManagedProcess parent)
    {
        var line = await parent.WaitForLineAsync(line => line.StartsWith("child ", StringComparison.Ordinal), TimeSpan.FromSeconds(60));
        return System.Diagnostics.Process.GetProcessById(
            int.Parse(line["child ".Length..], System.Globalization.CultureInfo.InvariantCulture));
    }

    private static ProcessSpec Spec(params string[] words) => ProcessSpec.Dotnet("test program", "Mesh.TestProgram.dll", words);
}
