using Mesh.Demo.Processes;
using Mesh.Hosting;
using Mesh.Process.Tests.Meshes;
using Mesh.Process.Tests.Processes;
using Mesh.Testing;

namespace Mesh.Process.Tests.Deployment;

/// <summary>What a container's health check runs: the seed's program once more, with the same settings and <c>--health</c>.</summary>
[Collection(OnRunningMesh.Name)]
public sealed class HealthProbeTests(RunningMesh running)
{
    [Fact]
    public async Task A_seed_that_takes_requests_is_healthy()
    {
        var (exitCode, lines) = await Programs.RunAsync("Mesh.Seed.dll", ["--health", .. running.Mesh.Seed.Options.ToArguments()]);
        Assert.Equal(ExitCodes.Ok, exitCode);
        Assert.StartsWith("200 {", Assert.Single(lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_is_not_there_is_not()
    {
        var port = FreePorts.TakeOne();
        var (exitCode, lines) = await Programs.RunAsync(
            "Mesh.Seed.dll", "--health", "--region", "eu-west", "--location", "50.11,8.68", "--models", Checkout.Models, "--http-port", $"{port}");
        Assert.Equal(ExitCodes.NotReady, exitCode);
        Assert.StartsWith($"http://127.0.0.1:{port}/v2/health/ready does not answer: ", Assert.Single(lines), StringComparison.Ordinal);
    }
}
