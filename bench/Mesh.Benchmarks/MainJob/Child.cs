using Mesh.Demo.Processes;

namespace Mesh.Benchmarks.MainJob;

/// <summary>This program in one of its hidden roles, as a process of its own.</summary>
internal static class Child
{
    private const string Ready = "ready";

    public static async Task<ManagedProcess> StartAsync(string name, bool serverGc, params string[] arguments)
    {
        var spec = ProcessSpec.Dotnet(name, "Mesh.Benchmarks.dll", arguments) with
        {
            Environment = new Dictionary<string, string?> { ["DOTNET_gcServer"] = serverGc ? "1" : "0" },
        };
        var process = ManagedProcess.Start(spec);
        await process.WaitForLineAsync(line => line == Ready, TimeSpan.FromSeconds(60));
        return process;
    }

    /// <summary>In the child: its parent may go on.</summary>
    public static void SayReady() => Console.WriteLine(Ready);
}
