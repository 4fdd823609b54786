using Mesh.Process.Tests.Meshes;

namespace Mesh.Process.Tests.Operators;

/// <summary>Bash completes what only a real seed and a real vehicle know.</summary>
public sealed class PbmCompletionTests(OperatedGarage tools) : IClassFixture<OperatedGarage>
{
    [ShellTheory("bash")]
    [InlineData("bash")]
    public async Task Ids_models_members_and_signals_are_completed(string shell)
    {
        await using var mesh = await TestMesh.StartAsync(vehicles: 1, vehicle: options => options with { ExtraArguments = ["--pbm-port", "0"] });
        var seed = $"127.0.0.1:{mesh.Seed.Options.Ports.Pbm}";
        var line = await mesh.Vehicles[0].Process.WaitForLineAsync(line => line.Contains("Operators connect to ", StringComparison.Ordinal), TestMesh.Limit);
        var vehicle = line.Split("Operators connect to ")[1].Split(' ')[0];
        (string Line, string Completed)[] expected =
        [
            ($"pbm {seed} mesh explain V-0", "V-001"),
            ($"pbm {seed} mesh drain V", "V-001"),
            ($"pbm {seed} mesh load fash", "fashion_cnn"),
            ($"pbm {seed} mesh load fashion_cnn/", "fashion_cnn/1"),
            ($"pbm {seed} mesh vehicles --model=fash", "fashion_cnn"),
            ($"pbm {seed} mesh batch ba", ""),
            ($"pbm {seed} cluster down V-", "V-001"),
            ($"pbm {seed} cluster leave mesh@{mesh.Seed.ClusterAddress}", mesh.Seed.ClusterAddress.Split(':')[1]),
            ($"pbm {seed} sharding entity V", "V-001"),
            ($"pbm {seed} actor hierarchy /us", "/user"),
            ($"pbm {vehicle} mesh drain ", "V-001 --for"),
            ($"pbm {vehicle} mesh telemetry Vehicle.Spe", "Vehicle.Speed"),
            ($"pbm {vehicle} mesh vehicles --model=fash", ""),
        ];
        var ended = await PbmTool.RunAsync(
            shell,
            ["--norc", "-c", PbmShellTests.Bash],
            new Dictionary<string, string> { ["PATH"] = tools.Path, ["HOME"] = tools.Folder, ["PBM_COMPLETION_SECONDS"] = "30" },
            string.Concat(expected.Select(entry => entry.Line + "_\n")));
        Assert.Equal(expected.Select(entry => $"{entry.Line} -> {entry.Completed}"), expected.Zip(ended.Output.Split('\n'), (entry, found) => $"{entry.Line} -> {found}"));
    }
}
