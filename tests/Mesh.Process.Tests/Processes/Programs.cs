using Mesh.Demo.Processes;
using Mesh.Process.Tests.Meshes;

namespace Mesh.Process.Tests.Processes;

/// <summary>Runs a program that ends by itself.</summary>
internal static class Programs
{
    /// <summary>Its exit code and everything it printed, a line each.</summary>
    public static async Task<(int ExitCode, IReadOnlyList<string> Lines)> RunAsync(string assembly, params IReadOnlyList<string> arguments)
    {
        await using var process = ManagedProcess.Start(ProcessSpec.Dotnet(assembly, assembly, arguments));
        var exitCode = await process.Exited.WaitAsync(TestMesh.Limit);
        return (exitCode, process.Tail(ManagedProcess.KeptLines).Split(Environment.NewLine));
    }
}
