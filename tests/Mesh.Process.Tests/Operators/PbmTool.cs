using System.Diagnostics;
using System.Text;
using Mesh.Demo.Processes;
using Mesh.Process.Tests.Meshes;
using Mesh.Testing;

namespace Mesh.Process.Tests.Operators;

/// <summary>pbm as its own build has it: beside the tests it would lack libraries that they get from ASP.NET Core.</summary>
internal static class PbmTool
{
    /// <summary>Debug or Release, as the tests are.</summary>
    public static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    public static string Assembly { get; } = Path.Combine(
        Checkout.Root, "src", "Mesh.Pbm", "bin", Configuration, new DirectoryInfo(AppContext.BaseDirectory).Name, "Mesh.Pbm.dll");

    /// <summary>The <c>dotnet</c> that runs this process.</summary>
    public static string Dotnet => ProcessSpec.Dotnet("dotnet", "Mesh.TestProgram.dll", []).FileName;

    public static Task<Ended> RunAsync(params string[] arguments) => RunAsync(Dotnet, [Assembly, .. arguments]);

    /// <param name="input">All that it can read.</param>
    public static async Task<Ended> RunAsync(
        string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string input = "")
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        using var process = System.Diagnostics.Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        try
        {
            await process.WaitForExitAsync().WaitAsync(TestMesh.Limit);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }

        return new Ended(process.ExitCode, await output, await errors);
    }
}

internal sealed record Ended(int ExitCode, string Output, string Errors);
