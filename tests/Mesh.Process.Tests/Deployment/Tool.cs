using Mesh.Demo.Processes;
using Mesh.Testing;

namespace Mesh.Process.Tests.Deployment;

/// <summary>Programs of the system that tests ask for a verdict.</summary>
internal static class Tool
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Its exit code and what it printed to both outputs.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(
        string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        await using var process = ManagedProcess.Start(new ProcessSpec(program, InstalledProgram.Find(program)!, arguments)
        {
            Environment = environment ?? new Dictionary<string, string?>(),
        });
        var exitCode = await process.Exited.WaitAsync(Limit);
        return (exitCode, process.Tail(ManagedProcess.KeptLines));
    }
}
