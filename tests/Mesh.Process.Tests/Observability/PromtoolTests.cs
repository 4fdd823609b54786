using Mesh.Demo.Processes;
using Mesh.Process.Tests.Meshes;
using Mesh.Testing;

namespace Mesh.Process.Tests.Observability;

/// <summary>Prometheus' own opinion of its configuration, of the rules, and of when they alert.</summary>
public sealed class PromtoolTests
{
    private static readonly string Folder = Path.Combine(Checkout.Root, "docker", "prometheus");

    [PromtoolFact]
    public Task The_configuration_is_one() => PassesAsync("check", "config", Path.Combine(Folder, "prometheus.yml"));

    [PromtoolFact]
    public Task The_rules_are_rules() => PassesAsync("check", "rules", "--lint=all", "--lint-fatal", Path.Combine(Folder, "rules", "mesh.yml"));

    [PromtoolFact]
    public Task Each_alert_is_raised_by_what_it_is_for() => PassesAsync("test", "rules", Path.Combine(Folder, "rules", "mesh.test.yml"));

    [Fact]
    public void Every_alert_is_tested()
    {
        var tested = File.ReadAllText(Path.Combine(Folder, "rules", "mesh.test.yml"));
        var alerts = File.ReadLines(Path.Combine(Folder, "rules", "mesh.yml")).Where(line => line.Contains("- alert: ", StringComparison.Ordinal))
            .Select(line => line.Split(": ")[1]).ToList();
        Assert.NotEmpty(alerts);
        Assert.All(alerts, alert => Assert.Contains($"alertname: {alert}\n        exp_alerts:", tested, StringComparison.Ordinal));
    }

    private static async Task PassesAsync(params string[] arguments)
    {
        await using var promtool = ManagedProcess.Start(new ProcessSpec("promtool", PromtoolFactAttribute.Promtool!, arguments));
        Assert.True(await promtool.Exited.WaitAsync(TestMesh.Limit) == 0, promtool.Tail());
    }
}

/// <summary>A fact that needs Prometheus' promtool; skipped, with the reason, where there is none. CI fails on such a skip.</summary>
internal sealed class PromtoolFactAttribute : FactAttribute
{
    public PromtoolFactAttribute() => Skip = Promtool is null ? DebianProgram.Missing("promtool", "prometheus") : null;

    public static string? Promtool { get; } = DebianProgram.Find("promtool");
}
