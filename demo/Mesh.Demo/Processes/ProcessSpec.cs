using System.Runtime.InteropServices;

namespace Mesh.Demo.Processes;

/// <summary>What to start.</summary>
/// <param name="Name">For people: in errors and logs, e.g. <c>V-002</c>.</param>
/// <param name="FileName">The program.</param>
/// <param name="Arguments">One per element, never quoted.</param>
public sealed record ProcessSpec(string Name, string FileName, IReadOnlyList<string> Arguments)
{
    /// <summary>Added to this process's own environment; a null value removes the variable.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>
    /// Sees every line from the first on, which a later subscription to <see cref="ManagedProcess.LineReceived"/> may not.
    /// Called on a thread-pool thread; must neither block nor throw.
    /// </summary>
    public Action<string>? OnLine { get; init; }

    /// <summary>A .NET program.</summary>
    /// <param name="folder">Where it is; null = beside this program, where the build placed it.</param>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    public static ProcessSpec Dotnet(string name, string assembly, IReadOnlyList<string> arguments, string? folder = null)
    {
        var path = Path.Combine(folder ?? AppContext.BaseDirectory, assembly);
        if (!File.Exists(path))
            throw new FileNotFoundException($"{assembly} is not in {Path.GetDirectoryName(path)}: build the whole solution first.", path);
        return new ProcessSpec(name, DotnetHost, [path, .. arguments]);
    }

    /// <summary>The <c>dotnet</c> that runs this process: the one in PATH may be another or none.</summary>
    private static string DotnetHost { get; } = FindDotnetHost();

    private static string FindDotnetHost()
    {
        var executable = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        // <root>/shared/Microsoft.NETCore.App/<version>/
        var beside = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", executable));
        return File.Exists(beside) ? beside : executable;
    }
}
