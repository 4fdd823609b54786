using System.Net;
using Mesh.Demo.Processes;
using Mesh.Messages;
using Mesh.Process.Tests.Meshes;
using Mesh.Testing;
using static Microsoft.Playwright.Assertions;

namespace Mesh.Process.Tests.Dashboard;

/// <summary>The page of a real seed process.</summary>
[Collection(InBrowser.Name)]
public sealed class DashboardOfSeedTests(Browser browser) : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("mesh-dashboard-");

    public void Dispose() => _data.Delete(recursive: true);

    [BrowserFact]
    public async Task It_is_live_and_comes_back_with_a_seed_that_was_killed()
    {
        var options = new SeedOptions { DataFolder = _data.FullName, ModelsFolder = Checkout.Models };
        var seed = SeedProcess.Start(options);
        try
        {
            await seed.WaitUntilReadyAsync(TestMesh.Limit);
            using var http = LoopbackHttp.NewClient();
            using var elsewhere = await http.GetAsync(seed.Metrics);
            Assert.Equal(HttpStatusCode.NotFound, elsewhere.StatusCode);
            await using var page = await browser.OpenAsync(seed.Http);
            page.MayLoseTheSeed = true;
            await page.IsAsync("#region", options.Region.Value);
            await page.IsAsync("#seed", seed.ClusterAddress);
            await page.IsAsync("#members tbody .col-address", seed.ClusterAddress);
            // Without a vehicle it is degraded, and takes requests.
            await Expect(page["#readiness"]).ToHaveAttributeAsync("data-tone", "warn");
            await using var vehicle = VehicleProcess.Start(new VehicleOptions
            {
                Id = new VehicleId("V-001"),
                Region = options.Region,
                Seeds = [seed.ClusterAddress],
                Location = new GeoPoint(52.52, 13.40),
                DataFolder = Path.Combine(_data.FullName, "V-001"),
            });
            await page.IsAsync("#vehicles tbody th", "V-001");
            await Expect(page["#readiness"]).ToHaveAttributeAsync("data-tone", "good");

            seed.Process.Kill();
            await seed.Process.Exited.WaitAsync(TestMesh.Limit);
            await page.IsAsync("#connection-text", "reconnecting");
            await seed.DisposeAsync();
            seed = SeedProcess.Start(options);
            await seed.WaitUntilReadyAsync(TestMesh.Limit);
            await page.IsAsync("#connection-text", "live");
            await Expect(page["#readiness"]).Not.ToHaveAttributeAsync("data-tone", "bad");
        }
        finally
        {
            await seed.DisposeAsync();
        }
    }

    [Fact]
    public async Task It_can_be_switched_off()
    {
        await using var seed = SeedProcess.Start(new SeedOptions
        {
            DataFolder = _data.FullName,
            ModelsFolder = Checkout.Models,
            ExtraArguments = ["--dashboard", "off"],
        });
        await seed.WaitUntilReadyAsync(TestMesh.Limit);
        using var http = LoopbackHttp.NewClient();
        foreach (var path in new[] { "/", "/dashboard/app.js", "/mesh/events", "/mesh/explain/V-001" })
        {
            using var answer = await http.GetAsync(new Uri(seed.Http, path));
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }
}
