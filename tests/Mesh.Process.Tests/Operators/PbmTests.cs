using System.Globalization;
using Mesh.Demo.Processes;
using Mesh.Process.Tests.Meshes;
using Mesh.Process.Tests.Processes;

namespace Mesh.Process.Tests.Operators;

/// <summary>pbm as a process against a real seed.</summary>
public sealed class PbmTests(LoneSeed seed) : IClassFixture<LoneSeed>
{
    private static readonly string[] Vehicle =
    [
        "--vehicle-id", "V-1", "--region", "r", "--seeds", "127.0.0.1:1", "--location", "1,2", "--telemetry", "fixed", "--policy", "demo",
    ];

    private string Host => $"127.0.0.1:{seed.Mesh.Seed.Options.Ports.Pbm}";

    [Fact]
    public async Task A_seed_tells_its_port_and_its_palettes()
    {
        await seed.Mesh.Seed.Process.WaitForLineAsync(line => line.EndsWith($", pbm {Host}", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
        var help = await PbmTool.RunAsync(Host, "help");
        Assert.Equal((0, ""), (help.ExitCode, help.Errors));
        Assert.StartsWith("Palettes:\n", help.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_seed_shows_its_members()
    {
        var show = await PbmTool.RunAsync(Host, "cluster", "show");
        Assert.Equal((0, ""), (show.ExitCode, show.Errors));
        Assert.Matches($@"\Aakka\.tcp://mesh@{seed.Mesh.Seed.ClusterAddress} \| \[seed\] \| up \| \| [0-9.]+\nCount: 1 node\n\z", show.Output);
    }

    [Fact]
    public async Task Exit_codes_tell_what_went_wrong()
    {
        var unknown = await PbmTool.RunAsync(Host, "nonsense", "show");
        Assert.Equal((2, ""), (unknown.ExitCode, unknown.Output));
        Assert.StartsWith("pbm: there is no palette 'nonsense': ", unknown.Errors, StringComparison.Ordinal);
        var nobody = await PbmTool.RunAsync("127.0.0.1:1", "cluster", "show");
        Assert.Equal((3, ""), (nobody.ExitCode, nobody.Output));
        Assert.StartsWith("pbm: cannot connect to 127.0.0.1:1: ", nobody.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Mesh.Seed.dll", "--region", "r", "--location", "1,2", "--models", ".")]
    [InlineData("Mesh.Node.dll", "--vehicle-id", "V-1", "--region", "r", "--seeds", "127.0.0.1:1", "--location", "1,2", "--telemetry", "fixed")]
    public async Task Off_loopback_neither_program_starts_without_TLS_and_proofs(string program, params string[] arguments)
    {
        var (exitCode, lines) = await Programs.RunAsync(
            program, [.. arguments, "--pbm-port", "0", "--pbm-bind", "0.0.0.0"]);
        Assert.Equal(2, exitCode);
        Assert.Contains("  --pbm-bind 0.0.0.0: off loopback operators connect with TLS only: needs --pbm-cert and --pbm-key", lines);
        Assert.Contains(lines, line => line.Contains("off loopback operators prove who they are", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_vehicle_listens_when_a_port_is_given()
    {
        var folder = Directory.CreateTempSubdirectory("mesh-pbm-");
        await using (var vehicle = ManagedProcess.Start(ProcessSpec.Dotnet("vehicle", "Mesh.Node.dll", [.. Vehicle, "--data", folder.FullName, "--pbm-port", "0"])))
        {
            var line = await vehicle.WaitForLineAsync(line => line.Contains("Operators connect to ", StringComparison.Ordinal), TestMesh.Limit);
            var address = line.Split("Operators connect to ")[1].Split(' ')[0];
            var help = await PbmTool.RunAsync(address, "help");
            Assert.Equal((0, ""), (help.ExitCode, help.Errors));
            Assert.StartsWith("Palettes:\n", help.Output, StringComparison.Ordinal);
        }

        folder.Delete(recursive: true);
    }

    /// <summary>A port that is taken is told before anything starts.</summary>
    [Fact]
    public async Task A_taken_port_is_told()
    {
        var (exitCode, lines) = await Programs.RunAsync(
            "Mesh.Node.dll", [.. Vehicle, "--pbm-port", seed.Mesh.Seed.Options.Ports.Pbm.ToString(CultureInfo.InvariantCulture)]);
        Assert.Equal(2, exitCode);
        Assert.Contains(lines, line => line.StartsWith("mesh-node: --pbm-port ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_is_packed_and_installed_as_a_tool()
    {
        var folder = Directory.CreateTempSubdirectory("mesh-pbm-");
        try
        {
            var project = Path.Combine(Mesh.Testing.Checkout.Root, "src", "Mesh.Pbm");
            await SucceedAsync("pack", project, "--no-build", "--no-restore", "-c", PbmTool.Configuration, "-o", folder.FullName);
            var config = Path.Combine(folder.FullName, "nuget.config");
            await File.WriteAllTextAsync(
                config, """<configuration><packageSources><clear /><add key="folder" value="." /></packageSources></configuration>""");
            var tools = Path.Combine(folder.FullName, "tools");
            await SucceedAsync("tool", "install", "Mesh.Pbm", "--tool-path", tools, "--configfile", config);
            var pbm = await PbmTool.RunAsync(
                Path.Combine(tools, OperatingSystem.IsWindows() ? "pbm.exe" : "pbm"),
                [Host, "help"],
                new Dictionary<string, string> { ["DOTNET_ROOT"] = Path.GetDirectoryName(PbmTool.Dotnet) ?? "" });
            Assert.Equal((0, ""), (pbm.ExitCode, pbm.Errors));
            Assert.StartsWith("Palettes:\n", pbm.Output, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        static async Task SucceedAsync(params string[] arguments)
        {
            var ended = await PbmTool.RunAsync(PbmTool.Dotnet, arguments);
            Assert.True(ended.ExitCode == 0, ended.Output + ended.Errors);
        }
    }
}
