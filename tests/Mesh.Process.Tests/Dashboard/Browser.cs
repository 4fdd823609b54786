using Mesh.Testing;
using Microsoft.Playwright;

namespace Mesh.Process.Tests.Dashboard;

/// <summary>A test that needs Chromium; it is skipped where there is none. MESH_TEST_CHROMIUM names one that is not in PATH.</summary>
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute() => Skip = Browser.WhyNone;
}

/// <inheritdoc cref="BrowserFactAttribute"/>
public sealed class BrowserTheoryAttribute : TheoryAttribute
{
    public BrowserTheoryAttribute() => Skip = Browser.WhyNone;
}

/// <summary>One headless Chromium for all tests.</summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string? Executable = Find();
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    internal static string? WhyNone => Executable is null ? "There is no chromium in PATH: install it, or name one by MESH_TEST_CHROMIUM." : null;

    public async Task InitializeAsync()
    {
        if (Executable is null)
            return;
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Executable });
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }

    /// <summary>Opens the page of a seed, and waits until its events come in.</summary>
    /// <param name="address">Of the seed's REST port.</param>
    /// <param name="isLive">False = it is not waited for.</param>
    internal async Task<WatchedPage> OpenAsync(Uri address, int width = 1280, int height = 900, ColorScheme scheme = ColorScheme.Light, bool isLive = true)
    {
        var context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = scheme,
            ReducedMotion = ReducedMotion.Reduce,
        });
        context.SetDefaultTimeout(15_000);
        return await WatchedPage.OpenAsync(context, address, isLive);
    }

    private static string? Find() => Environment.GetEnvironmentVariable("MESH_TEST_CHROMIUM") is { Length: > 0 } named
        ? named
        : InstalledProgram.Find("chromium", "chromium-browser", "google-chrome");
}

[CollectionDefinition(Name)]
public sealed class InBrowser : ICollectionFixture<Browser>
{
    public const string Name = "browser";
}
