using Mesh.Process.Tests.Churn;
using Mesh.Process.Tests.Meshes;

namespace Mesh.Process.Tests.Observability;

/// <summary>A real Prometheus scrapes a real seed: what the dashboard asks for is there, and the alert about vehicles follows them.</summary>
public sealed class PrometheusTests
{
    /// <summary>Nothing is wrong, waits or fails here, so that these show nothing.</summary>
    private static readonly string[] EmptyWhereAllIsWell = ["> 0", "end=\"failed\""];

    [PrometheusFact]
    public async Task The_dashboard_has_its_data_and_a_region_that_loses_its_vehicles_raises_the_alert()
    {
        await using var mesh = await TestMesh.StartAsync(vehicles: 1);
        await using var prometheus = PrometheusServer.Start(mesh.Folder("prometheus"), mesh.Seed.Metrics);
        await prometheus.WaitUntilReadyAsync();
        Assert.Null((await mesh.ClassifyAsync(0)).Failure);

        await UntilAllAsync("every target up", async () =>
            from target in (await prometheus.AskAsync("/api/v1/targets?state=active")).GetProperty("activeTargets").EnumerateArray()
            let health = target.GetProperty("health").GetString()
            select (Text: $"{target.GetProperty("scrapePool").GetString()} {health} {target.GetProperty("lastError").GetString()}", Good: health == "up"));
        await UntilAllAsync("every rule evaluated", async () =>
            from rule in (await RulesAsync(prometheus)).EnumerateArray().SelectMany(rules => rules.GetProperty("rules").EnumerateArray())
            let health = rule.GetProperty("health").GetString()
            select (Text: $"{rule.GetProperty("name").GetString()} {health}", Good: health == "ok"));

        var queries = DashboardFile.Queries.Concat(DashboardFile.VariableSeries)
            .Select(query => query.Replace("$instance", ".*", StringComparison.Ordinal).Replace("$__rate_interval", "30s", StringComparison.Ordinal)).ToList();
        Assert.True(queries.Count > 30, $"{queries.Count} queries were found.");
        // A query that is wrong is an error at once; one of a rate has data from the second scrape on.
        await UntilAllAsync("every query of the dashboard answered", async () =>
        {
            List<(string Text, bool Good)> answers = [];
            foreach (var query in queries)
                answers.Add((query, await prometheus.CountAsync(query) > 0 || EmptyWhereAllIsWell.Any(part => query.Contains(part, StringComparison.Ordinal))));
            return answers;
        });
        Assert.Empty(await prometheus.AlertsAsync());

        await mesh.LeaveAsync(mesh.Vehicles[0].Process);
        await ChurningRegion.UntilAsync(
            async () => (await prometheus.AlertsAsync()).Contains("MeshNoVehicles"), TestMesh.Limit, "the alert that the region has no vehicles");
    }

    private static async Task<System.Text.Json.JsonElement> RulesAsync(PrometheusServer prometheus) => (await prometheus.AskAsync("/api/v1/rules")).GetProperty("groups");

    /// <summary>Waits until all are good, of which there is at least one; says which are not.</summary>
    private static async Task UntilAllAsync(string what, Func<Task<IEnumerable<(string Text, bool Good)>>> look)
    {
        List<(string Text, bool Good)> seen = [];
        try
        {
            await ChurningRegion.UntilAsync(async () => (seen = [.. await look()]).Count > 0 && seen.TrueForAll(one => one.Good), TestMesh.Limit, what);
        }
        catch (Xunit.Sdk.FailException e)
        {
            Assert.Fail($"{e.Message}; not so:\n{string.Join('\n', seen.Where(one => !one.Good).Select(one => one.Text))}");
        }
    }
}
