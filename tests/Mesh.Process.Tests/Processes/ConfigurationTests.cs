using Mesh.Demo.Processes;
using Mesh.Process.Tests.Meshes;
using Mesh.Testing;

namespace Mesh.Process.Tests.Processes;

/// <summary>What both programs print about their settings, as an operator sees it.</summary>
public sealed class ConfigurationTests
{
    private const string Seed = "Mesh.Seed.dll";
    private const string Vehicle = "Mesh.Node.dll";

    [Fact]
    public async Task A_seeds_errors_are_all_told_at_once()
    {
        var missing = Path.Combine(Path.GetTempPath(), "no-such-models");
        var (exitCode, lines) = await Programs.RunAsync(
            Seed,
            "--check-config", "--location", "91,8", "--http-port", "70000", "--grpc-port", "4053", "--request-timeout", "soon",
            "--seeds", "a:1,b:2", "--journal", "nonsense", "--models", missing, "--speed", "7");
        Assert.Equal(2, exitCode);
        var errors = lines.Where(line => line.StartsWith("  ", StringComparison.Ordinal)).Select(line => line.Trim()).ToList();
        Assert.Contains(
            "--region is missing (or MESH_REGION, or mesh.region in the configuration file): needs the region's name: 1 to 64 letters, digits, '-', '_' or '.'",
            errors);
        Assert.Contains(
            "--location is '91,8' (command line): needs where this seed stands, LATITUDE,LONGITUDE in degrees, e.g. 50.11,8.68", errors);
        Assert.Contains(
            "--http-port is '70000' (command line): needs the Open Inference Protocol's REST port: a TCP port, 0 to 65535 (0 = any free one)",
            errors);
        Assert.Contains("--grpc-port is '4053' (command line): port 4053 is also --port: each needs its own", errors);
        Assert.Contains(
            "--request-timeout is 'soon' (command line): needs the deadline of a request that names none, a duration such as 10s", errors);
        Assert.Contains(errors, error => error.StartsWith("--seeds is 'a:1,b:2' (command line): must contain this seed itself", StringComparison.Ordinal));
        Assert.Contains(errors, error => error.StartsWith("--seeds is 'a:1,b:2' (command line): names 2; a region has one, three or five", StringComparison.Ordinal));
        // Not repeated: a connection string may hold a password.
        Assert.Contains(
            "--journal is set (command line): needs a PostgreSQL connection string with Host and Database, or a SQLite one with Data Source",
            errors);
        Assert.Contains(
            $"--models is '{missing}' (command line): there is no folder {missing}; it holds <name>/<version>/model.onnx", errors);
        Assert.Contains("'--speed' is no option of this program: see --help", errors);
        Assert.Contains($"mesh-seed: {errors.Count} error(s) in the configuration", lines);
    }

    [Fact]
    public async Task A_vehicles_errors_are_all_told_at_once()
    {
        var (exitCode, lines) = await Programs.RunAsync(
            Vehicle, "--check-config", "--vehicle-id", "WVW ZZZ", "--seeds", "nowhere", "--threads", "0", "--telemetry", "real", "--data");
        Assert.Equal(2, exitCode);
        foreach (var error in (string[])
        [
            "  --vehicle-id is 'WVW ZZZ' (command line): ",
            "  --region is missing (or MESH_REGION, or mesh.region in the configuration file): needs the name of the region to join",
            "  --seeds is 'nowhere' (command line): needs HOST:PORT of at least one seed of the region, separated by commas",
            "  --location is missing ",
            "  --threads is '0' (command line): needs inferences that run at once, 1 to 64",
            "  --telemetry is 'real' (command line): needs 'fixed' (always parked, plugged in and on Wi-Fi), ",
            "  --data has no value: a folder that this vehicle alone writes to",
        ])
            Assert.Contains(lines, line => line.StartsWith(error, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_good_configuration_is_said_to_be_good()
    {
        var seed = await Programs.RunAsync(
            Seed, "--check-config", "--region", "eu-west", "--location", "50.11,8.68", "--models", Checkout.Models);
        Assert.Equal(0, seed.ExitCode);
        Assert.Equal(["mesh-seed: the configuration is good"], seed.Lines);
        var vehicle = await Programs.RunAsync(
            Vehicle, "--check-config", "--vehicle-id", "V-1", "--region", "eu-west", "--seeds", "127.0.0.1:4053", "--location", "52.52,13.40",
            "--telemetry", "fixed", "--policy", "demo");
        Assert.Equal(0, vehicle.ExitCode);
        Assert.Equal(["mesh-node: the configuration is good"], vehicle.Lines);
    }

    [Theory]
    [InlineData(Seed, "--max-request-bytes")]
    [InlineData(Vehicle, "--drain-grace")]
    public async Task Help_lists_every_setting(string program, string setting)
    {
        var (exitCode, lines) = await Programs.RunAsync(program, "--help");
        Assert.Equal(0, exitCode);
        Assert.StartsWith("Usage: mesh-", lines[0], StringComparison.Ordinal);
        Assert.Contains(lines, line => line.TrimStart().StartsWith(setting + " ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("the command line wins", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_environment_is_read_and_the_command_line_wins()
    {
        await using var process = ManagedProcess.Start(
            ProcessSpec.Dotnet("seed", Seed, ["--check-config", "--location", "50,8", "--models", Checkout.Models, "--http-port", "8500"]) with
            {
                Environment = new Dictionary<string, string?> { ["MESH_REGION"] = "not a name", ["MESH_HTTP_PORT"] = "99999" },
            });
        Assert.Equal(2, await process.Exited.WaitAsync(TestMesh.Limit));
        Assert.Contains("mesh-seed: 1 error(s) in the configuration", process.Tail(), StringComparison.Ordinal);
        Assert.Contains("--region is 'not a name' (MESH_REGION)", process.Tail(), StringComparison.Ordinal);
    }
}
