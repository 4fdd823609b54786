using System.Globalization;
using System.Text.Json.Nodes;
using Mesh.Demo.Processes;
using Mesh.Process.Tests.Churn;
using Mesh.Process.Tests.Meshes;

namespace Mesh.Process.Tests.Operators;

/// <summary>Commands about the region at a vehicle's port: real seeds, vehicles and pbm.</summary>
public sealed class ReferralTests
{
    [Fact]
    public async Task At_a_vehicles_port_seeds_answer_what_is_about_the_region()
    {
        var port = FreePorts.TakeOne();
        var host = $"127.0.0.1:{port}";
        await using var mesh = await TestMesh.StartAsync(vehicles: 2, vehicle: options => options.Id.Value == "V-001" ? With(options, port) : options);
        var seed = $"127.0.0.1:{mesh.Seed.Options.Ports.Pbm}";

        var vehicles = await PbmTool.RunAsync(host, "mesh", "vehicles", "--json");
        Assert.Equal((0, $"(seed {seed} answers: mesh vehicles)\n"), (vehicles.ExitCode, vehicles.Errors));
        Assert.Equal(["V-001", "V-002"], Objects(vehicles).Select(row => (string)row["vehicle"]!).Order());

        var stats = await PbmTool.RunAsync(host, "mesh", "stats", "--json");
        Assert.Equal(0, stats.ExitCode);
        Assert.NotNull(Assert.Single(Objects(stats))["answered"]);

        // Not on V-002 too, as it would be where a seed is asked.
        var load = await PbmTool.RunAsync(host, "mesh", "load", "fashion_cnn", "--json");
        Assert.Equal((0, $"(seed {seed} answers: mesh load fashion_cnn V-001)\n"), (load.ExitCode, load.Errors));
        var loaded = Assert.Single(Objects(load));
        Assert.Equal(("V-001", "loaded"), ((string)loaded["vehicle"]!, (string)loaded["outcome"]!));
        Assert.Equal("referred", Outcome(Path.Combine(mesh.Folder("V-001"), "audit.jsonl")));
        Assert.Equal("done", Outcome(Path.Combine(mesh.Folder("seed"), "audit.jsonl")));

        var own = await PbmTool.RunAsync(host, "mesh", "explain", "--json");
        Assert.Equal((0, ""), (own.ExitCode, own.Errors));
        Assert.Equal(0, (await PbmTool.RunAsync(host, "mesh", "explain", "V-002")).ExitCode);
        var script = await PbmTool.RunAsync(PbmTool.Dotnet, [PbmTool.Assembly, host], input: "mesh models\nmesh router\nmesh explain\n");
        Assert.Equal(0, script.ExitCode);
        Assert.Equal($"(seed {seed} answers: mesh models)\n(seed {seed} answers: mesh router)\n", script.Errors);

        static string Outcome(string audit) => (string)JsonNode.Parse(File.ReadLines(audit).Last())!["outcome"]!;
    }

    [Fact]
    public async Task While_no_seed_is_known_the_error_says_whom_to_ask()
    {
        var folder = Directory.CreateTempSubdirectory("mesh-referral-");
        await using (var vehicle = ManagedProcess.Start(ProcessSpec.Dotnet("vehicle", "Mesh.Node.dll",
        [
            "--vehicle-id", "V-1", "--region", "r", "--seeds", "127.0.0.1:1", "--location", "1,2", "--telemetry", "fixed", "--policy", "demo",
            "--data", folder.FullName, "--pbm-port", "0",
        ])))
        {
            var line = await vehicle.WaitForLineAsync(line => line.Contains("Operators connect to ", StringComparison.Ordinal), TestMesh.Limit);
            var host = line.Split("Operators connect to ")[1].Split(' ')[0];
            var ended = await PbmTool.RunAsync(host, "mesh", "vehicles");
            Assert.Equal((1, "", "pbm: a seed knows that: pbm 127.0.0.1:9110 mesh vehicles …\n"), (ended.ExitCode, ended.Output, ended.Errors));
        }

        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task When_the_seed_that_answered_is_gone_another_one_does()
    {
        var port = FreePorts.TakeOne();
        var host = $"127.0.0.1:{port}";
        await using var region = await ChurningRegion.StartAsync(1, null, "--pbm-port", port.ToString(CultureInfo.InvariantCulture));
        // The vehicle has a stream to each before one is taken away.
        await ChurningRegion.UntilAsync(
            async () => (await Task.WhenAll(region.Seeds.Select(seed => region.GaugeAsync(seed, "mesh_work_streams")))).Sum() >= 3, TestMesh.Limit, "a stream to each seed");
        var first = await AnsweringAsync();
        var seed = region.Seeds.Single(seed => seed.Options.Ports.Pbm == first);
        seed.Process.Kill();
        await seed.Process.Exited.WaitAsync(TestMesh.Limit);
        Assert.NotEqual(first, await AnsweringAsync());

        async Task<int> AnsweringAsync()
        {
            var ended = await PbmTool.RunAsync(host, "mesh", "stats", "--json");
            Assert.True(ended.ExitCode == 0, ended.Errors);
            Assert.Single(Objects(ended));
            const string Begin = "(seed 127.0.0.1:";
            Assert.StartsWith(Begin, ended.Errors, StringComparison.Ordinal);
            return int.Parse(ended.Errors[Begin.Length..ended.Errors.IndexOf(' ', Begin.Length)], CultureInfo.InvariantCulture);
        }
    }

    private static VehicleOptions With(VehicleOptions options, int port) =>
        options with { ExtraArguments = [.. options.ExtraArguments, "--pbm-port", port.ToString(CultureInfo.InvariantCulture)] };

    private static List<JsonNode> Objects(Ended ended) =>
        [.. ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
}
