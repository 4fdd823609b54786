using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mesh.Operations;
using Mesh.Seed.Dashboard;
using Mesh.Seed.Health;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mesh.State.Tests.Dashboard;

[SuppressMessage("Design", "CA1001", Justification = "The test's DisposeAsync disposes it.")]
public sealed partial class DashboardHttpTests : IAsyncLifetime
{
    private readonly TaskCompletionSource _explaining = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ScriptedCommands _commands;
    private WebApplication _app = null!;
    private HttpClient _http = null!;

    public DashboardHttpTests()
    {
        _commands = new ScriptedCommands().Serve(
            new CommandDefinition("explain", "Explains.") { Arguments = [new CommandArgument("id", ArgumentKind.Positional, "an id")] },
            (call, cancellation) =>
            {
                if (call["id"] == "hang")
                {
                    _explaining.TrySetResult();
                    return ScriptedCommands.Hang(cancellation);
                }

                return ScriptedCommands.Tell(new CommandOutput.Line(call["id"]));
            });
    }

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddSingleton(TimeProvider.System).AddSingleton<ICommandHandler>(_commands)
            .AddDashboard(new DashboardOptions("here", "127.0.0.1:1") { MaxExplanations = 1 }, _ => HealthReport.Well);
        _app = builder.Build();
        _app.MapDashboard();
        await _app.StartAsync();
        _http = new HttpClient { BaseAddress = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()) };
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task The_page_allows_nothing_but_its_own_files()
    {
        using var answer = await _http.GetAsync("/");
        Assert.Equal("text/html; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        Assert.StartsWith("default-src 'self'; ", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
    }

    [Fact]
    public async Task Every_file_that_another_names_is_there_and_none_is_elsewhere()
    {
        var files = new DashboardFiles();
        Assert.Contains("index.html", files.Names);
        foreach (var name in files.Names)
        {
            var text = await _http.GetStringAsync(name == "index.html" ? "/" : $"/dashboard/{name}");
            foreach (Match reference in Reference().Matches(text))
                Assert.Contains(reference.Groups["file"].Value, files.Names);
            // The namespace of SVG is a name, not an address.
            Assert.DoesNotMatch("https?://(?!www.w3.org/2000/svg)", text);
            Assert.DoesNotMatch(@"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text);
        }
    }

    [Fact]
    public async Task A_file_is_sent_once_and_compressed()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/dashboard/world.json");
        request.Headers.AcceptEncoding.ParseAdd("gzip");
        using var answer = await _http.SendAsync(request);
        Assert.Equal("gzip", answer.Content.Headers.ContentEncoding.Single());
        using var again = new HttpRequestMessage(HttpMethod.Get, "/dashboard/world.json");
        again.Headers.IfNoneMatch.Add(answer.Headers.ETag!);
        using var unchanged = await _http.SendAsync(again);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
    }

    [Theory]
    [InlineData("/dashboard/nothing.js")]
    [InlineData("/dashboard/..%2fappsettings.json")]
    public async Task Nothing_else_is_served(string path)
    {
        using var answer = await _http.GetAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Theory]
    [InlineData("V-001")]
    [InlineData("a/b?c#d%2F e\"ü")]
    public async Task An_id_comes_through_as_it_is(string id) =>
        Assert.Contains(
            id, JsonNode.Parse(await _http.GetStringAsync("/mesh/explain/" + Uri.EscapeDataString(id)))!["lines"]!.AsArray().Select(line => (string)line!));

    [Theory]
    [InlineData("/mesh/explain/", HttpStatusCode.BadRequest)]
    [InlineData("/mesh/explain", HttpStatusCode.BadRequest)]
    public async Task An_explanation_needs_an_id(string path, HttpStatusCode status)
    {
        using var answer = await _http.GetAsync(path);
        Assert.Equal(status, answer.StatusCode);
        using var tooLong = await _http.GetAsync("/mesh/explain/" + new string('x', 257));
        Assert.Equal(HttpStatusCode.BadRequest, tooLong.StatusCode);
    }

    [Fact]
    public async Task Explanations_at_once_are_bounded()
    {
        using var leaving = new CancellationTokenSource();
        var hanging = _http.GetAsync("/mesh/explain/hang", leaving.Token);
        await _explaining.Task.WaitAsync(TimeSpan.FromSeconds(30));
        using var refused = await _http.GetAsync("/mesh/explain/V-001");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hanging);

        // The seed hears that the viewer left a little after the viewer did.
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        HttpStatusCode status;
        do
        {
            using var answer = await _http.GetAsync("/mesh/explain/V-001", deadline.Token);
            status = answer.StatusCode;
        }
        while (status == HttpStatusCode.ServiceUnavailable);
        Assert.Equal(HttpStatusCode.OK, status);
    }

    [Theory]
    [InlineData("cross-site", HttpStatusCode.Forbidden)]
    [InlineData("same-site", HttpStatusCode.Forbidden)]
    [InlineData("same-origin", HttpStatusCode.OK)]
    [InlineData("none", HttpStatusCode.OK)]
    public async Task Only_its_own_page_may_ask(string site, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/mesh/explain/V-001");
        request.Headers.Add("Sec-Fetch-Site", site);
        using var answer = await _http.SendAsync(request);
        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    public async Task Events_begin_at_once_and_do_not_hold_up_a_seed_that_leaves()
    {
        using var answer = await _http.GetAsync("/mesh/events", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync());
        Assert.StartsWith("event: ", await lines.ReadLineAsync(), StringComparison.Ordinal);
        await _app.StopAsync().WaitAsync(TimeSpan.FromSeconds(10));
        await lines.ReadToEndAsync();
    }

    [GeneratedRegex("""(?:"/dashboard/|'/dashboard/|from '\./)(?<file>[^"']+)""")]
    private static partial Regex Reference();
}
