using Mesh.Testing;

namespace Mesh.Process.Tests.Deployment;

/// <summary>docker-compose itself reads the compose file; that needs no container engine. What stands in it: Mesh.State.Tests, Deployment.</summary>
public sealed class DockerComposeTests
{
    private const string Program = "docker-compose";

    private static readonly string File = Path.Combine(Checkout.Root, "docker", "compose.yaml");

    [ToolFact(Program, Program)]
    public async Task It_takes_the_file_once_the_passwords_are_set()
    {
        var (exitCode, output) = await RunAsync("chosen", "config", "--services");
        Assert.True(exitCode == 0, output);
        Assert.Superset(
            new HashSet<string> { "postgres", "seed-1", "seed-2", "seed-3", "berlin", "munich", "paris", "amsterdam", "vienna", "zurich", "prometheus", "grafana" },
            output.Split(Environment.NewLine).ToHashSet());
    }

    [ToolFact(Program, Program)]
    public async Task Without_a_password_it_says_what_to_do()
    {
        var (exitCode, output) = await RunAsync("", "config", "--quiet");
        Assert.NotEqual(0, exitCode);
        Assert.Contains("copy docker/.env.example to docker/.env", output, StringComparison.Ordinal);
    }

    private static Task<(int ExitCode, string Output)> RunAsync(string password, params string[] command) => Tool.RunAsync(
        Program,
        ["-f", File, .. command],
        new Dictionary<string, string?> { ["POSTGRES_PASSWORD"] = password, ["GRAFANA_PASSWORD"] = password });
}
