using Mesh.Demo.Processes;
using Mesh.Node;
using Mesh.Node.Limits;

namespace Mesh.Process.Tests.Limits;

/// <summary>Against the real kernel, in processes that end: what is done to one's own process cannot always be undone.</summary>
public sealed class LimitTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Niceness_is_every_threads_and_is_lowered_only_with_privilege()
    {
        if (!OperatingSystem.IsLinux())
            return;
        var output = await RunAsync("nice", "7", "nice", "3");
        Assert.Contains(output, line => line.StartsWith("Information: Niceness 7 for all ", StringComparison.Ordinal));
        Assert.Equal("niceness 7", output.First(line => line.StartsWith("niceness", StringComparison.Ordinal)));
        if (output.Any(line => line.StartsWith("Error: Niceness 3 was refused: ", StringComparison.Ordinal)))
            Assert.Equal("niceness 7", output[^1]);
        else
            Assert.Equal("niceness 3", output[^1]);
    }

    /// <summary>Both ends are proved where they can be: in a group that can be written to the kernel holds the process up.</summary>
    [Fact]
    public async Task A_process_is_held_up_by_its_group_or_the_log_says_why_not()
    {
        if (!OperatingSystem.IsLinux())
            return;
        var name = $"mesh-test-{Guid.NewGuid():N}";
        var parent = CgroupTree.Of(SystemFiles.Real, "cpu")?.Folder;
        try
        {
            var output = await RunAsync("group", name, "0.2");
            if (output[^1].StartsWith("group True", StringComparison.Ordinal))
            {
                Assert.StartsWith($"group True {parent}/{name} nr_throttled ", output[^1], StringComparison.Ordinal);
                Assert.NotEqual("0", output[^1].Split(' ')[^1]);
            }
            else
            {
                Assert.StartsWith("Warning: The kernel does not limit this process as asked: ", output[0], StringComparison.Ordinal);
                Assert.Contains("Delegate", output[0], StringComparison.Ordinal);
            }

            Assert.False(SystemFiles.Real.Exists($"{parent}/{name}"));
        }
        finally
        {
            SystemFiles.Real.RemoveFolder($"{parent}/{name}"); // where it was killed
        }
    }

    private static async Task<string[]> RunAsync(params string[] words)
    {
        await using var process = ManagedProcess.Start(ProcessSpec.Dotnet("test program", "Mesh.TestProgram.dll", words));
        Assert.Equal(0, await process.Exited.WaitAsync(Patience));
        return process.Tail().Split(Environment.NewLine);
    }
}
