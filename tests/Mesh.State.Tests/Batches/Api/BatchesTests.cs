using System.Net.Http.Headers;
using System.Text.Json;
using Mesh.Messages.Control;
using Mesh.Seed.Batches;
using Mesh.Testing.Batches;

namespace Mesh.State.Tests.Batches.Api;

public sealed class BatchesTests : IAsyncLifetime
{
    private const string Endpoint = "/v2/models/fashion_cnn/infer";

    private readonly BatchApiHost _host = new();

    public Task InitializeAsync() => _host.InitializeAsync();

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_new_batch_has_every_field_of_OpenAIs_object()
    {
        var file = (await _host.UploadAsync("x")).Text("id");
        var batch = await ApiClient.OkAsync(await _host.PostJsonAsync(
            $$$"""{"input_file_id": "{{{file}}}", "endpoint": "{{{Endpoint}}}", "completion_window": "24h", "metadata": {"k": "v"}}"""));
        var created = batch.GetProperty("created_at").GetInt64();
        Assert.Equal(
            $$$"""{"id":"batch_0001","object":"batch","endpoint":"{{{Endpoint}}}","errors":null,"input_file_id":"{{{file}}}","completion_window":"24h","status":"validating","output_file_id":null,"error_file_id":null,"created_at":{{{created}}},"in_progress_at":null,"expires_at":{{{created + 86400}}},"finalizing_at":null,"completed_at":null,"failed_at":null,"expired_at":null,"cancelling_at":null,"cancelled_at":null,"request_counts":{"total":0,"completed":0,"failed":0},"metadata":{"k":"v"}}""",
            batch.GetRawText());
        Assert.Equal(batch.GetRawText(), (await ApiClient.OkAsync(await _host.Http.GetAsync("/v1/batches/batch_0001"))).GetRawText());
    }

    [Fact]
    public async Task States_counts_times_and_faults_are_told()
    {
        await CreateAsync("24h");
        var at = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);
        foreach (var status in Enum.GetValues<BatchStatus>())
        {
            _host.Directories.Change("batch_0001", batch => batch with { Status = status });
            var expected = JsonNamingPolicy.SnakeCaseLower.ConvertName(status.ToString());
            Assert.Equal(expected, (await ApiClient.OkAsync(await _host.Http.GetAsync("/v1/batches/batch_0001"))).Text("status"));
        }

        _host.Directories.Change("batch_0001", batch => batch with
        {
            Total = 10,
            Completed = 7,
            Failed = 3,
            OutputFileId = "file-o",
            ErrorFileId = "file-e",
            Faults = [new BatchFault("c", "m", "custom_id", 7), new BatchFault("d", "n", null, null)],
            Times = batch.Times with
            {
                InProgressAt = at,
                FinalizingAt = at.AddSeconds(1),
                CompletedAt = at.AddSeconds(2),
                FailedAt = at.AddSeconds(3),
                ExpiredAt = at.AddSeconds(4),
                CancellingAt = at.AddSeconds(5),
                CancelledAt = at.AddSeconds(6),
            },
        });
        var json = await ApiClient.OkAsync(await _host.Http.GetAsync("/v1/batches/batch_0001"));
        Assert.Equal("""{"total":10,"completed":7,"failed":3}""", json.GetProperty("request_counts").GetRawText());
        Assert.Equal(("file-o", "file-e"), (json.Text("output_file_id"), json.Text("error_file_id")));
        Assert.Equal(
            """{"object":"list","data":[{"code":"c","message":"m","param":"custom_id","line":7},{"code":"d","message":"n","param":null,"line":null}]}""",
            json.GetProperty("errors").GetRawText());
        string[] fields = ["in_progress_at", "finalizing_at", "completed_at", "failed_at", "expired_at", "cancelling_at", "cancelled_at"];
        Assert.Equal(Enumerable.Range(0, 7).Select(i => 1_800_000_000L + i), fields.Select(field => json.GetProperty(field).GetInt64()));
    }

    [Theory]
    [InlineData("1h", 3600)]
    [InlineData("30m", 1800)]
    [InlineData("30d", 2592000)]
    [InlineData("1s", 1)]
    public async Task Other_windows_than_a_day_are_taken(string window, int seconds)
    {
        var batch = await CreateAsync(window);
        Assert.Equal(window, batch.Text("completion_window"));
        Assert.Equal(seconds, batch.GetProperty("expires_at").GetInt64() - batch.GetProperty("created_at").GetInt64());
    }

    [Theory]
    [InlineData("[]", "the body must be a JSON object", null)]
    [InlineData("{", "the body is not valid JSON", null)]
    [InlineData("""{"endpoint": "E", "completion_window": "24h"}""", "'input_file_id' is missing", "input_file_id")]
    [InlineData("""{"input_file_id": "F", "completion_window": "24h"}""", "'endpoint' is missing", "endpoint")]
    [InlineData("""{"input_file_id": "F", "endpoint": "E"}""", "'completion_window' is missing", "completion_window")]
    [InlineData("""{"input_file_id": 3, "endpoint": "E", "completion_window": "24h"}""", "'input_file_id' must be a string", "input_file_id")]
    [InlineData("""{"input_file_id": "file-nobody", "endpoint": "E", "completion_window": "24h"}""", "there is no file 'file-nobody'", "input_file_id")]
    [InlineData("""{"input_file_id": "F", "endpoint": "/v1/chat/completions", "completion_window": "24h"}""", "'endpoint' must be /v2/models/MODEL/infer", "endpoint")]
    [InlineData("""{"input_file_id": "F", "endpoint": "/v2/models/nobody/infer", "completion_window": "24h"}""", "model 'nobody' is not known", "endpoint")]
    [InlineData("""{"input_file_id": "F", "endpoint": "/v2/models/fashion_cnn/versions/9/infer", "completion_window": "24h"}""", "model 'fashion_cnn' has no version '9'", "endpoint")]
    [InlineData("""{"input_file_id": "F", "endpoint": "E", "completion_window": "0h"}""", "'completion_window' must be 24h or another duration", "completion_window")]
    [InlineData("""{"input_file_id": "F", "endpoint": "E", "completion_window": "31d"}""", "'completion_window' must be", "completion_window")]
    [InlineData("""{"input_file_id": "F", "endpoint": "E", "completion_window": "-1h"}""", "'completion_window' must be", "completion_window")]
    [InlineData("""{"input_file_id": "F", "endpoint": "E", "completion_window": "day"}""", "'completion_window' must be", "completion_window")]
    [InlineData("""{"input_file_id": "F", "endpoint": "E", "completion_window": ""}""", "'completion_window' must be", "completion_window")]
    [InlineData("""{"input_file_id": "F", "endpoint": "E", "completion_window": "24h", "metadata": []}""", "'metadata' must be an object or null", "metadata")]
    [InlineData("""{"input_file_id": "F", "endpoint": "E", "completion_window": "24h", "metadata": {"k": 1}}""", "'metadata.k' must be a string", "metadata")]
    [InlineData("""{"input_file_id": "F", "endpoint": "E", "completion_window": "24h", "metadta": {}}""", "'metadta' is not a parameter of this call", "metadta")]
    [InlineData("""{"input_file_id": "F", "endpoint": "E", "completion_window": "24h", "output_expires_after": {"anchor": "created_at"}}""", "'output_expires_after.seconds' must be", "output_expires_after.seconds")]
    [InlineData("""{"input_file_id": "F", "endpoint": "E", "completion_window": "24h", "output_expires_after": {"seconds": 3600}}""", "'output_expires_after.anchor' is missing", "output_expires_after.anchor")]
    [InlineData("""{"input_file_id": "\ud800", "endpoint": "E", "completion_window": "24h"}""", "'input_file_id' holds half a surrogate pair", "input_file_id")]
    public async Task A_request_that_is_not_good_is_refused_with_the_field_at_fault(string body, string message, string? param)
    {
        var file = (await _host.UploadAsync("x")).Text("id");
        body = body.Replace("\"F\"", $"\"{file}\"", StringComparison.Ordinal).Replace("\"E\"", $"\"{Endpoint}\"", StringComparison.Ordinal);
        await ApiClient.RefusedAsync(await _host.PostJsonAsync(body), 400, message, param);
    }

    [Theory]
    [InlineData(16, 64, 512, true)]
    [InlineData(17, 64, 512, false)]
    [InlineData(1, 65, 512, false)]
    [InlineData(1, 64, 513, false)]
    public async Task Metadata_has_OpenAIs_bounds(int pairs, int key, int value, bool good)
    {
        var metadata = Enumerable.Range(0, pairs).ToDictionary(i => new string((char)('a' + i), key), _ => new string('v', value));
        var response = await PostAsync($", \"metadata\": {JsonSerializer.Serialize(metadata)}");
        if (good)
            Assert.Equal(JsonSerializer.Serialize(metadata), (await ApiClient.OkAsync(response)).GetProperty("metadata").GetRawText());
        else
            await ApiClient.RefusedAsync(response, 400, "metadata", "metadata");
    }

    [Fact]
    public async Task What_is_asked_for_reaches_the_directory()
    {
        NewBatch? asked = null;
        _host.Directories.OnCreated = batch => asked = batch.Request;
        var batch = await ApiClient.OkAsync(await PostAsync(
            ", \"metadata\": null, \"output_expires_after\": {\"anchor\": \"created_at\", \"seconds\": 7200}", key: "my-key"));
        Assert.Equal(
            new NewBatch(batch.Text("input_file_id"), Endpoint, TimeSpan.FromDays(1), "24h", null, "my-key", TimeSpan.FromHours(2)), asked);
        Assert.Equal(JsonValueKind.Null, batch.GetProperty("metadata").ValueKind);
    }

    [Fact]
    public async Task A_repeated_key_gives_the_same_batch_and_another_use_of_it_is_a_conflict_for_good()
    {
        var file = (await _host.UploadAsync("x")).Text("id");
        var body = $$"""{"input_file_id": "{{file}}", "endpoint": "{{Endpoint}}", "completion_window": "24h"}""";
        var first = await ApiClient.OkAsync(await _host.PostJsonAsync(body, "key"));
        Assert.Equal(first.Text("id"), (await ApiClient.OkAsync(await _host.PostJsonAsync(body, "key"))).Text("id"));
        Assert.NotEqual(first.Text("id"), (await ApiClient.OkAsync(await _host.PostJsonAsync(body, "other"))).Text("id"));
        var conflict = await _host.PostJsonAsync(body.Replace(file, (await _host.UploadAsync("y")).Text("id"), StringComparison.Ordinal), "key");
        await ApiClient.RefusedAsync(conflict, 409, "the Idempotency-Key was used for another request", null, "idempotency_key_reused");
        Assert.Equal("false", Assert.Single(conflict.Headers.GetValues("x-should-retry")));
        await ApiClient.RefusedAsync(await _host.PostJsonAsync(body, new string('k', 256)), 400, "header Idempotency-Key", "Idempotency-Key");
    }

    [Fact]
    public async Task Batches_are_listed_in_pages_newest_first()
    {
        for (var i = 0; i < 25; i++)
            await CreateAsync("24h");
        await AssertPageAsync("", 25, 20, more: true);
        await AssertPageAsync("?after=batch_0006&limit=100", 5, 5, more: false);
        await AssertPageAsync("?limit=1&after=batch_0002", 1, 1, more: false);
        await ApiClient.RefusedAsync(await _host.Http.GetAsync("/v1/batches?limit=101"), 400, "'limit' must be a whole number from 1 to 100", "limit");
    }

    /// <summary>As OpenAI's client sends it: an empty body, and no Content-Type.</summary>
    [Fact]
    public async Task A_batch_is_cancelled_without_a_body()
    {
        await CreateAsync("24h");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/batches/batch_0001/cancel") { Content = new ByteArrayContent([]) };
        Assert.Equal("cancelling", (await ApiClient.OkAsync(await _host.Http.SendAsync(request))).Text("status"));

        _host.Directories.Change("batch_0001", batch => batch with { Status = BatchStatus.Completed });
        var refused = await _host.Http.PostAsync("/v1/batches/batch_0001/cancel", null);
        await ApiClient.RefusedAsync(refused, 409, "batch 'batch_0001' has ended", "id", "batch_ended");
        Assert.Equal("false", Assert.Single(refused.Headers.GetValues("x-should-retry")));
        await ApiClient.RefusedAsync(await _host.Http.PostAsync("/v1/batches/nobody/cancel", null), 404, "there is no batch 'nobody'", "id", "not_found");
        await ApiClient.RefusedAsync(await _host.Http.GetAsync("/v1/batches/nobody"), 404, "there is no batch 'nobody'", "id", "not_found");
    }

    [Theory]
    [InlineData(BatchRefusal.Invalid, 400, "invalid_request_error", false)]
    [InlineData(BatchRefusal.NotFound, 404, "invalid_request_error", false)]
    [InlineData(BatchRefusal.Conflict, 409, "invalid_request_error", false)]
    [InlineData(BatchRefusal.Overloaded, 429, "rate_limit_error", true)]
    [InlineData(BatchRefusal.Unavailable, 503, "server_error", true)]
    public async Task What_the_directory_refuses_has_its_code_on_the_wire(BatchRefusal refusal, int status, string type, bool again)
    {
        _host.Directories.Refusal = new BatchRefusedException(refusal, "why", "some_code", "some_param");
        var response = await _host.Http.GetAsync("/v1/batches");
        var error = await ApiClient.RefusedAsync(response, status, "why", "some_param", "some_code");
        Assert.Equal(type, error.Text("type"));
        Assert.Equal(again, response.Headers.Contains("retry-after-ms"));
        Assert.Equal(refusal == BatchRefusal.Conflict, response.Headers.Contains("x-should-retry"));
    }

    [Fact]
    public async Task A_body_beyond_its_bound_is_refused()
    {
        using var body = new ByteArrayContent(new byte[(1 << 20) + 1]);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        await ApiClient.RefusedAsync(await _host.Http.PostAsync("/v1/batches", body), 413, "the body is larger than");
    }

    private async Task AssertPageAsync(string query, int first, int count, bool more)
    {
        var list = await ApiClient.OkAsync(await _host.Http.GetAsync("/v1/batches" + query));
        var expected = Enumerable.Range(0, count).Select(i => $"batch_{first - i:0000}").ToArray();
        Assert.Equal(expected, list.GetProperty("data").EnumerateArray().Select(batch => batch.Text("id")));
        Assert.Equal((expected[0], expected[^1], more), (list.Text("first_id"), list.Text("last_id"), list.GetProperty("has_more").GetBoolean()));
    }

    private async Task<JsonElement> CreateAsync(string window) => await ApiClient.OkAsync(await PostAsync("", window: window));

    private async Task<HttpResponseMessage> PostAsync(string more, string? key = null, string window = "24h")
    {
        var file = (await _host.UploadAsync("x")).Text("id");
        return await _host.PostJsonAsync($$"""{"input_file_id": "{{file}}", "endpoint": "{{Endpoint}}", "completion_window": "{{window}}"{{more}}}""", key);
    }
}
