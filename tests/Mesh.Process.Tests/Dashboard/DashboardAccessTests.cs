using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mesh.Seed.Dashboard;
using Mesh.Seed.Health;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Mesh.Process.Tests.Dashboard;

/// <summary>The page for everybody: keyboard alone, dark and light, on a phone; and whatever vehicles call themselves.</summary>
[Collection(InBrowser.Name)]
public sealed partial class DashboardAccessTests(Browser browser)
{
    private const string Hostile = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">";

    [BrowserFact]
    public async Task It_works_with_the_keyboard_alone()
    {
        await using var host = await SmallRegion.StartAsync();
        host.Region.Explanation = id => new JsonObject { ["subject"] = id };
        await using var page = await browser.OpenAsync(host.Address);
        await page.HasAsync("#map .mark", 4);
        await page.HasAsync("#vehicles tbody tr", 6);
        var keys = page.Page.Keyboard;

        await keys.PressAsync("Tab");
        Assert.Equal("Skip to the panels", await FocusedAsync(page));
        await keys.PressAsync("Enter");
        Assert.Equal("main", await page.EvaluateAsync<string>("document.activeElement.id"));

        // The map is one stop; arrow keys go from place to place, Enter shows the place's vehicles in the table.
        await TabUntilAsync(page, ".mark");
        await AssertRingAsync(page, ".mark:focus-visible .halo", "stroke-width", "3px");
        await keys.PressAsync("End");
        var south = await FocusedLabelAsync(page);
        await keys.PressAsync("ArrowUp");
        Assert.NotEqual(south, await FocusedLabelAsync(page));
        await keys.PressAsync("Home");
        Assert.Equal("u1x0e: 2 vehicles, 1 serving, 1 away", await FocusedLabelAsync(page));
        await keys.PressAsync("Enter");
        await page.IsAsync("#vehicles-count", "2 of 6 vehicles");

        await TabUntilAsync(page, "#filter");
        await TabUntilAsync(page, "#state-filter [aria-label]");
        await keys.PressAsync("Enter");
        await page.IsAsync("#vehicles-count", "6 vehicles");
        Assert.Equal("filter", await page.EvaluateAsync<string>("document.activeElement.id"));
        await keys.TypeAsync("orin-nx");
        await page.IsAsync("#vehicles-count", "1 of 6 vehicles");
        await keys.PressAsync("Control+a");
        await keys.PressAsync("Delete");
        await TabUntilAsync(page, "#state-filter button[data-key=away]");
        await keys.PressAsync("Space");
        await page.IsAsync("#vehicles-count", "4 of 6 vehicles");

        // A head sorts, a second time the other way; what is not known stays last.
        await TabUntilAsync(page, "th[data-column=answered] button");
        await AssertRingAsync(page, ":focus-visible", "outline-style", "solid");
        await keys.PressAsync("Enter");
        await keys.PressAsync("Enter");
        await Expect(page["th[data-column=answered]"]).ToHaveAttributeAsync("aria-sort", "descending");
        Assert.Equal(["V-003", "V-001", "V-002", "V-006"], await page.VehiclesAsync());

        // The rows are one stop too.
        await TabUntilAsync(page, "#vehicles tbody button");
        await keys.PressAsync("ArrowDown");
        Assert.Equal("V-001", await FocusedAsync(page));
        await keys.PressAsync("End");
        await keys.PressAsync("ArrowDown");
        Assert.Equal("V-006", await FocusedAsync(page));
        await keys.PressAsync("Enter");
        await Expect(page["#explanation h3"]).ToContainTextAsync("V-006");
        Assert.Equal("V-006", await FocusedAsync(page)); // Focus stays where it was, also while the table changes.
        host.Region.Vehicles = [.. host.Region.Vehicles, new FakeVehicle("V-007", "serving", "u0yjj", 50.11, 8.68) { Answered = 20_000 }];
        await page.HasAsync("#vehicles tr[data-key=V-007]", 1);
        Assert.Equal("V-006", await FocusedAsync(page));
    }

    [BrowserFact]
    public async Task Its_charts_are_read_with_arrow_keys()
    {
        await using var host = await SmallRegion.StartAsync();
        host.Region.Stats = FakeRegion.StatsOf(5, 3, 4);
        await using var page = await browser.OpenAsync(host.Address);
        await page.IsAsync("#latency .readout", "now p50 3 · p99 4");
        await page.IsAsync("#latency [role=status]", ""); // Figures of every second are not read aloud.
        await page["#latency svg"].FocusAsync();
        await page.Page.Keyboard.PressAsync("End");
        await page.Page.Keyboard.PressAsync("ArrowLeft");
        await Expect(page["#latency .readout"]).ToContainTextAsync("ago p50 3 · p99 4");
        await Expect(page["#latency [role=status]"]).ToContainTextAsync("ago p50 3 · p99 4");
        await page.HasAsync("#latency .spot", 2);
    }

    [BrowserTheory]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Dark, 1280)]
    [InlineData(ColorScheme.Light, 390)]
    [InlineData(ColorScheme.Dark, 390)]
    public async Task Nothing_stands_in_anybodys_way(ColorScheme scheme, int width)
    {
        await using var host = await SmallRegion.StartAsync();
        host.Region.Explanation = id => new JsonObject
        {
            ["subject"] = id,
            ["reasons"] = new JsonArray(new JsonObject { ["rule"] = "charge", ["signal"] = "Vehicle.Powertrain.TractionBattery.StateOfCharge.Current", ["value"] = 34.5 }),
        };
        host.Region.Failures["mesh router"] = "the router does not answer";
        await using var page = await browser.OpenAsync(host.Address, width, scheme: scheme);
        await page["#vehicles tr[data-key=V-003] button"].ClickAsync();
        await Expect(page["#explanation"]).ToContainTextAsync("charge");
        var violations = await page.AccessibilityViolationsAsync();
        Assert.True(violations.Count == 0, string.Join('\n', violations));
        await AssertContrastsAsync(page);
        Assert.True(
            await page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= width, $"the page is wider than {width} pixels");
    }

    [BrowserFact]
    public async Task Three_hundred_vehicles_with_long_names_fit_a_phone()
    {
        await using var host = await SmallRegion.StartAsync();
        host.Region.Vehicles = [.. Enumerable.Range(0, 300).Select(i => new FakeVehicle(
            $"V-{new string('x', 40)}{i:000}", i % 3 == 0 ? "away" : "serving", $"u{i:0000}", 48 + (i % 17 * 0.2), 8 + (i % 13 * 0.3)))];
        host.Region.Batches = [host.Region.Batches[0] with { Id = "batch_" + new string('0', 60) }];
        host.Region.Members = [("akka.tcp://mesh@a-very-long-name-of-a-seed.eu-central.example.internal:4053", "[seed]", "up", "")];
        await using var page = await browser.OpenAsync(host.Address, width: 390, height: 844);
        await page.IsAsync("#vehicles-count", "300 vehicles");
        await page.HasAsync("#vehicles tbody tr", 100);
        await page["#vehicles .more"].ClickAsync();
        await page.HasAsync("#vehicles tbody tr", 200);
        Assert.Equal(390, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        // No mark covers another.
        Assert.Equal(0, await page.EvaluateAsync<int>("""
            (() => {
              const boxes = [...document.querySelectorAll('#map .mark')].map(m => m.getBoundingClientRect());
              return boxes.filter((a, i) => boxes.some((b, j) => j > i && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)).length;
            })()
            """));
    }

    [BrowserFact]
    public async Task What_vehicles_say_stays_text()
    {
        await using var host = await SmallRegion.StartAsync();
        host.Region.Vehicles = [new FakeVehicle(Hostile, Hostile, Hostile, 50, 8) { DeviceClass = Hostile, Models = Hostile }];
        host.Region.Batches = [new FakeBatch(Hostile, Hostile, 10, 5, 0)];
        host.Region.Members = [(Hostile, Hostile, Hostile, Hostile)];
        host.Region.Router = new JsonObject { [Hostile] = Hostile, ["__proto__"] = "x" };
        host.Region.Stats = new JsonObject { [Hostile] = 5, ["requests_per_s"] = Hostile };
        host.Region.Explanation = id => id == Hostile ? new JsonObject { [Hostile] = new JsonArray(Hostile, new JsonObject { [Hostile] = Hostile }) } : null;
        host.Health = new HealthReport(HealthStatus.NotReady, [new HealthReason(HealthCodes.Journal, Hostile)]);
        await using var page = await browser.OpenAsync(host.Address);
        await page.IsAsync("#vehicles tbody th", Hostile);
        await page.IsAsync("#batches .id", Hostile);
        await page.IsAsync("#readiness-text", "not ready: " + Hostile);
        await Expect(page["#router"]).ToContainTextAsync(Hostile);
        await Expect(page["#members"]).ToContainTextAsync(Hostile);
        await page["#vehicles tbody button"].ClickAsync();
        await Expect(page["#explanation h3"]).ToContainTextAsync(Hostile);
        await Expect(page["#explanation dl"].First).ToContainTextAsync(Hostile);
        host.Region.Failures["mesh explain"] = Hostile;
        host.Region.Failures["mesh vehicles"] = Hostile;
        await page["#explain-form button"].ClickAsync();
        await page["#explain-id"].PressAsync("Enter");
        await page.IsAsync(".vehicles .error", Hostile);
        await page.IsAsync(".explain .error", Hostile);
        Assert.Equal(1, await page["script"].CountAsync());
        Assert.Equal(0, await page["img"].CountAsync());
        Assert.NotEqual("taken", await page.Page.TitleAsync());
    }

    /// <summary>Colours that stand on each other, as WCAG computes their contrast: 4.5 for text, 3 for shapes.</summary>
    private static async Task AssertContrastsAsync(WatchedPage page)
    {
        (string[] Colours, string[] Grounds, double Least)[] pairs =
        [
            (["text", "muted", "accent", "good", "busy", "warn", "bad", "idle"], ["surface", "sunken"], 4.5),
            (["map-text"], ["land", "water"], 4.5),
            (["serving", "busy", "resting", "draining", "unreachable", "away", "other"], ["surface", "sunken"], 3),
            (["curve-0", "curve-1", "focus"], ["surface", "page"], 3),
        ];
        foreach (var (colours, grounds, least) in pairs)
        {
            foreach (var (colour, ground) in colours.SelectMany(colour => grounds.Select(ground => (colour, ground))))
            {
                var contrast = Contrast(await LuminanceAsync(page, colour), await LuminanceAsync(page, ground));
                Assert.True(contrast >= least, $"--{colour} on --{ground} has a contrast of {contrast:0.00}, less than {least}");
            }
        }
    }

    private static double Contrast(double a, double b) => (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);

    private static async Task<double> LuminanceAsync(WatchedPage page, string variable)
    {
        var text = await page.EvaluateAsync<string>($"getComputedStyle(document.documentElement).getPropertyValue('--{variable}').trim()");
        var channels = Hex().Match(text).Groups.Values.Skip(1)
            .Select(group => int.Parse(group.Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0)
            .Select(value => value <= 0.04045 ? value / 12.92 : Math.Pow((value + 0.055) / 1.055, 2.4)).ToArray();
        return (0.2126 * channels[0]) + (0.7152 * channels[1]) + (0.0722 * channels[2]);
    }

    private static Task<string> FocusedAsync(WatchedPage page) => page.EvaluateAsync<string>("document.activeElement.textContent");

    private static Task<string> FocusedLabelAsync(WatchedPage page) => page.EvaluateAsync<string>("document.activeElement.getAttribute('aria-label')");

    private static async Task TabUntilAsync(WatchedPage page, string selector)
    {
        for (var presses = 0; presses < 60; presses++)
        {
            await page.Page.Keyboard.PressAsync("Tab");
            if (await page.EvaluateAsync<bool>($"document.activeElement.matches({System.Text.Json.JsonSerializer.Serialize(selector)})"))
                return;
        }

        Assert.Fail($"Tab does not reach {selector}");
    }

    private static async Task AssertRingAsync(WatchedPage page, string selector, string property, string value) =>
        Assert.Equal(value, await page[selector].First.EvaluateAsync<string>($"e => getComputedStyle(e).getPropertyValue('{property}')"));

    [GeneratedRegex("^#(..)(..)(..)$")]
    private static partial Regex Hex();
}
