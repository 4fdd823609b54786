using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Mesh.Demo.Processes;
using Mesh.Process.Tests.Meshes;
using Mesh.Testing;

namespace Mesh.Process.Tests.Observability;

/// <summary>
/// A real Prometheus with the configuration and the rules of <c>docker/prometheus</c>. Other than there are whom it asks, and
/// that it asks every second, so that nobody waits for minutes.
/// </summary>
internal sealed partial class PrometheusServer : IAsyncDisposable
{
    private readonly ManagedProcess _process;
    private readonly HttpClient _http = LoopbackHttp.NewClient();
    private readonly Uri _address;

    private PrometheusServer(ManagedProcess process, Uri address) => (_process, _address) = (process, address);

    /// <param name="folder">Takes its configuration and data.</param>
    public static PrometheusServer Start(string folder, Uri seedMetrics)
    {
        var port = FreePorts.TakeOne();
        var address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        Configure(folder, seedMetrics.Authority, address);
        return new PrometheusServer(
            ManagedProcess.Start(new ProcessSpec(
                "prometheus",
                PrometheusFactAttribute.Prometheus!,
                [
                    "--config.file=" + Path.Combine(folder, "prometheus.yml"),
                    "--storage.tsdb.path=" + Path.Combine(folder, "data"),
                    "--storage.tsdb.retention.size=64MB",
                    "--query.timeout=10s",
                    "--web.listen-address=" + address,
                ])),
            new Uri($"http://{address}"));
    }

    /// <summary>Answers of its HTTP API: the member 'data'. An answer that is an error fails the test, with what it says.</summary>
    public async Task<JsonElement> AskAsync(string path)
    {
        using var response = await _http.GetAsync(new Uri(_address, path));
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{path}: {(int)response.StatusCode} {body}");
        var answer = JsonDocument.Parse(body).RootElement;
        Assert.True(answer.GetProperty("status").GetString() == "success", $"{path}: {body}");
        return answer.GetProperty("data");
    }

    /// <summary>Samples that the query has now.</summary>
    public async Task<int> CountAsync(string query) => (await AskAsync("/api/v1/query?query=" + Uri.EscapeDataString(query))).GetProperty("result").GetArrayLength();

    /// <summary>Alerts that are pending or firing.</summary>
    public async Task<IReadOnlyList<string>> AlertsAsync() =>
        [.. (await AskAsync("/api/v1/alerts")).GetProperty("alerts").EnumerateArray().Select(alert => alert.GetProperty("labels").GetProperty("alertname").GetString()!)];

    public async Task WaitUntilReadyAsync()
    {
        // It says so itself; nobody listens before.
        await _process.WaitForLineAsync(line => line.Contains("Server is ready to receive web requests", StringComparison.Ordinal), TestMesh.Limit);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _process.DisposeAsync();
    }

    private static void Configure(string folder, string seed, string self)
    {
        var source = Path.Combine(Checkout.Root, "docker", "prometheus");
        var rules = Directory.CreateDirectory(Path.Combine(folder, "rules")).FullName;
        File.Copy(Path.Combine(source, "rules", "mesh.yml"), Path.Combine(rules, "mesh.yml"));
        Queue<string> targets = new([seed, self]);
        var configuration = Targets().Replace(File.ReadAllText(Path.Combine(source, "prometheus.yml")), _ => $"targets: [\"{targets.Dequeue()}\"]");
        Assert.Empty(targets);
        var intervals = Intervals().Count(configuration);
        Assert.True(intervals == 2, $"{intervals} intervals are set, not those of scrapes and of rules.");
        File.WriteAllText(Path.Combine(folder, "prometheus.yml"), Intervals().Replace(configuration, "${name}: 1s"));
    }

    [GeneratedRegex(@"targets: \[[^\]]*\]")]
    private static partial Regex Targets();

    [GeneratedRegex(@"(?<name>scrape_interval|evaluation_interval): \d+s")]
    private static partial Regex Intervals();
}

/// <summary>A fact that needs a Prometheus server; skipped, with the reason, where there is none. CI fails on such a skip.</summary>
internal sealed class PrometheusFactAttribute : FactAttribute
{
    public PrometheusFactAttribute() => Skip = Prometheus is null ? DebianProgram.Missing("prometheus", "prometheus") : null;

    public static string? Prometheus { get; } = DebianProgram.Find("prometheus");
}
