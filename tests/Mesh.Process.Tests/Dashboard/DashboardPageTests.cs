using System.Text.Json.Nodes;
using Mesh.Seed.Dashboard;
using Mesh.Seed.Health;
using static Microsoft.Playwright.Assertions;

namespace Mesh.Process.Tests.Dashboard;

/// <summary>What the page shows and how it follows, over commands that answer what a test says.</summary>
[Collection(InBrowser.Name)]
public sealed class DashboardPageTests(Browser browser)
{
    [BrowserFact]
    public async Task It_shows_what_the_commands_tell()
    {
        await using var host = await SmallRegion.StartAsync();
        host.Region.Stats = FakeRegion.StatsOf(1234.5, 8.25, 12_500);
        await using var page = await browser.OpenAsync(host.Address);

        await page.IsAsync("#region", "eu-central");
        await page.IsAsync("#seed", "127.0.0.1:4053");
        await page.IsAsync("#readiness-text", "ready");
        await page.IsAsync("#figures div[data-key=requests_per_s] dd", "1,235/s");
        await page.IsAsync("#figures div[data-key=p50_ms] dd", "8.3ms");
        await page.IsAsync("#figures div[data-key=p99_ms] dd", "12.5s");
        await page.IsAsync("#figures div[data-key=energy_j] dd", "14.2Wh");

        await page.IsAsync("#vehicles-count", "6 vehicles");
        Assert.Equal(["V-001", "V-002", "V-003", "V-004", "V-005", "V-006"], await page.VehiclesAsync());
        await page.IsAsync("#vehicles tr[data-key=V-003] .col-leaves_in_s", "22 s");
        await page.IsAsync("#vehicles tr[data-key=V-004] .col-round_trip_ms", "–");
        Assert.Equal(["serving 3", "draining 1", "away 2"], await page["#legend li"].AllTextContentsAsync());

        var progress = page["#batches li[data-key=batch_1] progress"];
        Assert.Equal("900 of 1000", await progress.EvaluateAsync<string>("bar => `${bar.value} of ${bar.max}`"));
        await page.IsAsync("#batches li[data-key=batch_1] .numbers", "900 of 1,000 lines (90 %), 20 failed5 units out · 310 lines/s · 1 min 15 s left");
        await page.IsAsync("#batches-count", "1 active of 2");
        await page.IsAsync("#members-count", "2 seeds, 1 vehicle, 1 not up or unreachable");
        Assert.StartsWith("127.0.0.1:4054\tseed\tup\tunreachable", await page["#members tbody tr"].First.InnerTextAsync(), StringComparison.Ordinal);
        await Expect(page["#router"]).ToContainTextAsync("postgresql");
    }

    [BrowserFact]
    public async Task It_follows_what_changes()
    {
        await using var host = await SmallRegion.StartAsync();
        await using var page = await browser.OpenAsync(host.Address);
        await page.HasAsync("#vehicles tbody tr", 6);

        host.Region.Vehicles = [.. host.Region.Vehicles.Skip(1), new FakeVehicle("V-100", "joining", "u33db", 52.5, 13.4)];
        await page.HasAsync("#vehicles tr[data-key=V-001]", 0);
        await page.IsAsync("#vehicles tr[data-key=V-100] .col-state", "joining");
        host.Region.Batches = [host.Region.Batches[0] with { Status = "completed", Completed = 1000, Failed = 0 }];
        await page.IsAsync("#batches li[data-key=batch_1] .tag", "completed");
        host.Health = new HealthReport(HealthStatus.Degraded, [new HealthReason(HealthCodes.Vehicles, "no vehicle is connected")]);
        await page.IsAsync("#readiness-text", "degraded: no vehicle is connected");
        host.Health = new HealthReport(HealthStatus.NotReady, [new HealthReason(HealthCodes.Journal, "the journal does not answer")]);
        await page.IsAsync("#readiness-text", "not ready: the journal does not answer");
        await page.IsAsync("#announce", "The seed is not ready: the journal does not answer");

        host.Region.Stats = FakeRegion.StatsOf(777, 3, 4);
        await page.IsAsync("#rate .readout", "now 777");
        await page["#pause"].ClickAsync();
        await page.IsAsync("#connection-text", "paused");
        host.Region.Stats = FakeRegion.StatsOf(888, 3, 4);
        await page["#pause"].ClickAsync();
        await page.IsAsync("#rate .readout", "now 888");
    }

    [BrowserFact]
    public async Task A_command_that_fails_says_so_in_its_panel_and_the_others_go_on()
    {
        await using var host = await SmallRegion.StartAsync();
        host.Region.Failures["mesh batches"] = "the journal does not answer";
        await using var page = await browser.OpenAsync(host.Address);
        await page.IsAsync(".batches .error", "the journal does not answer");
        await page.HasAsync("#vehicles tbody tr", 6);

        host.Region.Failures["mesh vehicles"] = "the router does not answer";
        await page.IsAsync(".vehicles .error", "the router does not answer");
        await page.IsAsync(".map .error", "the router does not answer");
        await page.HasAsync("#map .mark", 0);

        host.Region.Failures.Clear();
        await page.HasAsync("#vehicles tbody tr", 6);
        await Expect(page[".error:visible"]).ToHaveCountAsync(0);
    }

    [BrowserFact]
    public async Task It_connects_again_and_its_lines_have_a_gap()
    {
        await using var host = await SmallRegion.StartAsync();
        host.Region.Stats = FakeRegion.StatsOf(100, 3, 4);
        await using var page = await browser.OpenAsync(host.Address);
        page.MayLoseTheSeed = true;
        await page.IsAsync("#rate .readout", "now 100");

        await host.StopAsync();
        await page.IsAsync("#connection-text", "reconnecting");
        await Expect(page["#banner"]).ToContainTextAsync("Nothing heard from the seed");
        await page.HasAsync("#vehicles tbody tr", 6); // As it was.
        // A machine that holds its breath for 0.4 s makes a gap, too.
        var runs = await RunsAsync();

        host.Region.Stats = FakeRegion.StatsOf(200, 3, 4);
        await host.StartAsync(host.Address.Port);
        await page.IsAsync("#connection-text", "live");
        await page.IsAsync("#announce", "Connected again.");
        await page.IsAsync("#rate .readout", "now 200");
        await Expect(page["#banner"]).ToBeHiddenAsync();
        Assert.NotEqual(0, runs);
        Assert.True(await RunsAsync() > runs);

        Task<int> RunsAsync() => page["#rate .curve"].EvaluateAsync<int>("path => path.getAttribute('d').split('M').length - 1");
    }

    [BrowserFact]
    public async Task One_viewer_more_than_there_may_be_is_told_and_comes_in_when_another_leaves()
    {
        await using var host = await SmallRegion.StartAsync(new DashboardOptions("here", "127.0.0.1", 1) { MaxViewers = 1, Interval = TimeSpan.FromMilliseconds(100) });
        await using var first = await browser.OpenAsync(host.Address);
        await using var second = await browser.OpenAsync(host.Address, isLive: false);
        second.MayLoseTheSeed = true;
        await Expect(second["#banner"]).ToContainTextAsync("takes no more viewers");
        await first["#pause"].ClickAsync();
        await second.IsAsync("#connection-text", "live");
    }

    [BrowserFact]
    public async Task More_vehicles_than_can_be_listed_are_on_the_map()
    {
        await using var host = await SmallRegion.StartAsync(new DashboardOptions("here", "127.0.0.1", 1) { MaxRows = 50 });
        host.Region.Vehicles = [.. Enumerable.Range(0, 500).Select(i => new FakeVehicle($"V-{i:0000}", "serving", $"u{i % 10}000", 48 + (i % 10), 8 + (i % 10)))];
        await using var page = await browser.OpenAsync(host.Address);
        await page.IsAsync("#vehicles-count", "50 of 500 vehicles; 450 more are only on the map");
        await page.IsAsync("#legend li", "serving 500");
        await page.HasAsync("#map .mark", 10);
    }

    [BrowserFact]
    public async Task It_explains_what_was_chosen_and_can_be_linked_to()
    {
        await using var host = await SmallRegion.StartAsync();
        host.Region.Explanation = id => id == "V-003" || id == "req/ 1?#%"
            ? new JsonObject { ["subject"] = id, ["reasons"] = new JsonArray(new JsonObject { ["rule"] = "charge", ["value"] = 34.5 }) }
            : null;
        await using var page = await browser.OpenAsync(host.Address);
        await page["#vehicles tr[data-key=V-003] button"].ClickAsync();
        await Expect(page["#explanation"]).ToContainTextAsync("charge");
        await Expect(page["#explanation"]).ToContainTextAsync("u281z"); // What the table has of it.
        await page.IsAsync("#announce", "Explanation of V-003 is shown.");

        await page["#explain-id"].FillAsync("req/ 1?#%");
        await page["#explain-id"].PressAsync("Enter");
        await Expect(page["#explanation h3"]).ToContainTextAsync("req/ 1?#%");
        await Expect(page["#explanation"]).ToContainTextAsync("charge");

        await page["#explain-id"].FillAsync("nobody");
        await page["#explain-id"].PressAsync("Enter");
        await page.IsAsync(".explain .error", "nothing is known of 'nobody'");
        await page.Page.GoBackAsync();
        await Expect(page["#explanation h3"]).ToContainTextAsync("req/ 1?#%");
    }
}
