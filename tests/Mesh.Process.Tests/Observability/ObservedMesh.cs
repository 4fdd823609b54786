using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using Mesh.Demo;
using Mesh.Demo.Batches;
using Mesh.Demo.Processes;
using Mesh.Messages;
using Mesh.Process.Tests.Churn;
using Mesh.Process.Tests.Meshes;

namespace Mesh.Process.Tests.Observability;

/// <summary>
/// A seed and two vehicles that tell all they can of themselves, after requests of every kind, batches and a departure: what
/// is left is to look at it. Texts, numbers and places in it are the test's own, so that they are found wherever they get to.
/// </summary>
public sealed class ObservedMesh : IAsyncLifetime
{
    /// <summary>Nobody but the client and the vehicle may see these.</summary>
    public static readonly IReadOnlyList<string> Secrets =
    [
        SecretText, Convert.ToBase64String(Encoding.UTF8.GetBytes(SecretText))[..12], SecretNumber,
        "48.13715", "11.57612", // the client
        "52.51627", "13.37770", // the vehicles
        "50.11092", "8.68212", // the seed
    ];

    private const string SecretText = "geheimnis-4711";
    private const string SecretNumber = "271828182";
    private const string ClientPlace = "48.137154,11.576124";

    private readonly ConcurrentQueue<string> _log = [];
    private readonly HttpClient _http = LoopbackHttp.NewClient();
    private OtlpCollector? _collector;

    internal OtlpCollector Collector => _collector!;

    internal TestMesh Mesh { get; private set; } = null!;

    /// <summary>Of the first request.</summary>
    public string Trace { get; } = Convert.ToHexStringLower(Guid.NewGuid().ToByteArray());

    public string ClientSpan { get; } = "00f067aa0ba902b7";

    /// <summary>Of the calls for the first batch.</summary>
    public string BatchTrace { get; } = Convert.ToHexStringLower(Guid.NewGuid().ToByteArray());

    /// <summary>Requests for the model 'pair' that had an outcome.</summary>
    public int PairRequests { get; private set; }

    public string MetricsPage { get; private set; } = "";

    /// <summary>Every line that the seed and the vehicles wrote so far.</summary>
    public IReadOnlyCollection<string> Log => _log;

    public async Task InitializeAsync()
    {
        _collector = await OtlpCollector.StartAsync();
        var environment = new Dictionary<string, string?>
        {
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = _collector.Endpoint,
        };
        IReadOnlyList<string> logging = ["--log-format", "json", "--log-level", "trace"];
        Mesh = await TestMesh.StartAsync(
            vehicles: 2,
            seed => seed with
            {
                Location = new GeoPoint(50.110924, 8.682127),
                // The setting goes before the environment.
                Environment = new Dictionary<string, string?>(environment) { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1" },
                ExtraArguments = [.. seed.ExtraArguments, .. logging, "--otlp", _collector.Endpoint],
                OnLine = _log.Enqueue,
            },
            vehicle => vehicle with
            {
                Location = new GeoPoint(52.516275, 13.377704),
                Environment = environment,
                ExtraArguments = [.. vehicle.ExtraArguments, .. logging],
                OnLine = _log.Enqueue,
            });
        await AskAsync();
        await RunBatchesAsync();
        await Mesh.LeaveAsync(Mesh.Vehicles[1].Process);
        await ChurningRegion.UntilAsync(
            async () => (MetricsPage = await _http.GetStringAsync(new Uri(Mesh.Seed.Metrics, "/metrics"))).Contains("mesh_work_streams{", StringComparison.Ordinal)
                && await Mesh.Metrics.ReadAsync("mesh_work_streams") < 2,
            TestMesh.Limit,
            "the end of the vehicle's work stream");
        MetricsPage = await _http.GetStringAsync(new Uri(Mesh.Seed.Metrics, "/metrics"));
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        if (Mesh is not null)
            await Mesh.DisposeAsync();
        if (_collector is not null)
            await _collector.DisposeAsync();
    }

    private async Task AskAsync()
    {
        var pair = Requests.Inputs(
            Requests.Input("number", "INT32", [1], $"[{SecretNumber}]") + "," + Requests.Input("text", "BYTES", [1], $"[\"{SecretText}\"]"),
            parameters: $$"""{"mesh_location": "{{ClientPlace}}"}""");
        await PostAsync(pair, 200, ("traceparent", $"00-{Trace}-{ClientSpan}-01"));
        // Its deadline passes before anybody could answer; nobody is so near; and one that is no request at all.
        await PostAsync(pair.Replace("\"mesh_location\"", "\"timeout\": 1, \"mesh_location\"", StringComparison.Ordinal), 504);
        await PostAsync(pair.Replace("\"mesh_location\"", "\"mesh_max_distance_km\": 1, \"mesh_location\"", StringComparison.Ordinal), 503);
        PairRequests = 3;
        await PostAsync($$"""{"inputs": [{"name": "{{SecretText}}", "datatype": "INT32", "shape": [1], "data": [{{SecretNumber}}]}]}""", 400);
        await PostAsync($$"""{"inputs": [{{SecretText}}""", 400);
    }

    private async Task PostAsync(string body, int status, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Mesh.Seed.Http, "/v2/models/pair/infer"));
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        using var response = await _http.SendAsync(request);
        Assert.True((int)response.StatusCode == status, $"HTTP {(int)response.StatusCode} instead of {status}: {await response.Content.ReadAsStringAsync()}");
    }

    private async Task RunBatchesAsync()
    {
        using var traced = LoopbackHttp.NewClient();
        traced.DefaultRequestHeaders.Add("traceparent", $"00-{BatchTrace}-{ClientSpan}-01");
        var line = $$"""{"custom_id": "{{SecretText}}", "method": "POST", "url": "/v2/models/pair/infer", "body": {{Requests.Inputs(
            Requests.Input("number", "INT32", [1], $"[{SecretNumber}]") + "," + Requests.Input("text", "BYTES", [1], $"[\"{SecretText}\"]"))}}}""";
        var bad = $$"""{"custom_id": "{{SecretText}}-bad", "method": "{{SecretText}}", "url": "{{SecretText}}"}""";
        await RunAsync(new BatchClient(traced, Mesh.Seed.Http), $"{line}\n{bad}\n", "completed");
        // One id twice is a fault of the file, and its text quotes the id.
        await RunAsync(new BatchClient(_http, Mesh.Seed.Http), $"{line}\n{line}\n", "failed");
    }

    private static async Task RunAsync(BatchClient client, string lines, string end)
    {
        var file = await client.UploadAsync(Encoding.UTF8.GetBytes(lines));
        var created = await client.CreateAsync(file, "/v2/models/pair/infer", end);
        await ChurningRegion.UntilAsync(async () => (await client.GetAsync(created.Id)).IsOver, TestMesh.Limit, $"the end of {created.Id}");
        Assert.Equal(end, (await client.GetAsync(created.Id)).Status);
    }
}
