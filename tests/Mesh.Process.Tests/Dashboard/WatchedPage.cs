using System.Collections.Concurrent;
using System.Text.Json;
using Deque.AxeCore.Commons;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Mesh.Process.Tests.Dashboard;

/// <summary>
/// The operations page in a browser. On disposing it asserts what holds for every test: it asked nobody but its seed, and
/// reported no error.
/// </summary>
internal sealed class WatchedPage : IAsyncDisposable
{
    private static readonly string Axe = new BundledAxeScriptProvider().GetScript();

    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _complaints = new();

    private WatchedPage(IBrowserContext context, IPage page, Uri address)
    {
        (_context, Page) = (context, page);
        page.Console += (_, message) => Complain(message.Type is "error" or "warning", message.Text);
        page.PageError += (_, error) => Complain(true, error);
        context.Request += (_, request) => Complain(!request.Url.StartsWith(address.ToString(), StringComparison.Ordinal), $"request to {request.Url}");
    }

    public IPage Page { get; }

    /// <summary>The seed goes away in this test, which the browser reports by itself.</summary>
    public bool MayLoseTheSeed { get; set; }

    public static async Task<WatchedPage> OpenAsync(IBrowserContext context, Uri address, bool isLive)
    {
        var page = new WatchedPage(context, await context.NewPageAsync(), address);
        await page.Page.GotoAsync(address.ToString());
        if (isLive)
            await page.IsAsync("#connection-text", "live");
        return page;
    }

    public ILocator this[string selector] => Page.Locator(selector);

    /// <summary>Waits until the element's text is this.</summary>
    public Task IsAsync(string selector, string text) => Expect(Page.Locator(selector)).ToHaveTextAsync(text);

    public Task HasAsync(string selector, int count) => Expect(Page.Locator(selector)).ToHaveCountAsync(count);

    /// <summary>The words of the table of vehicles, a string for each row.</summary>
    public async Task<IReadOnlyList<string>> VehiclesAsync() => await this["#vehicles tbody th"].AllInnerTextsAsync();

    public Task<T> EvaluateAsync<T>(string script) => Page.EvaluateAsync<T>(script);

    /// <summary>What axe-core finds against WCAG 2.2 A and AA, in words.</summary>
    public async Task<IReadOnlyList<string>> AccessibilityViolationsAsync()
    {
        await Page.EvaluateAsync(Axe);
        // A mark's bare numbers are in its label, each with its state, which that rule cannot see.
        var result = await Page.EvaluateAsync<JsonElement>("""
            axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then(found => found.violations
              .flatMap(v => v.nodes.map(n => `${v.id}: ${v.help}: ${n.html} ${n.failureSummary}`))
              .filter(words => !/^label-content-name-mismatch.*class="mark"/.test(words)))
            """);
        return [.. result.EnumerateArray().Select(violation => violation.GetString()!)];
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        var complaints = _complaints.Where(complaint => !(MayLoseTheSeed && complaint.StartsWith("Failed to load resource", StringComparison.Ordinal)));
        Assert.Empty(complaints);
    }

    private void Complain(bool isTrue, string what)
    {
        if (isTrue)
            _complaints.Enqueue(what);
    }
}
