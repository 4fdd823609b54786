using System.Net;
using System.Text.Json;
using Mesh.State.Tests.Models;
using Mesh.Testing;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Mesh.State.Tests.Ingress.Rest;

public sealed class RestEndpointTests : IAsyncLifetime
{
    private readonly IngressHost _host = new();

    public Task InitializeAsync() => _host.InitializeAsync();

    public Task DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("/v2", """{"name":"mesh","version":"9.8.7","extensions":["binary_tensor_data","model_repository","parameters","schedule_policy","statistics"]}""")]
    [InlineData("/v2/health/live", """{"live":true,"status":"live"}""")]
    [InlineData("/v2/health/ready", """{"live":true,"ready":true,"status":"ready","reasons":[]}""")]
    [InlineData("/healthz/startup", """{"status":"started","reasons":[]}""")]
    [InlineData("/v2/models/numbers/ready", """{"name":"numbers","ready":true}""")]
    [InlineData("/v2/models/numbers/versions/1/ready", """{"name":"numbers","ready":true}""")]
    [InlineData("/v2/models/numbers", """{"name":"numbers","versions":["1","3"],"platform":"onnxruntime_onnx","inputs":[{"name":"x0","datatype":"FP32","shape":[-1]}],"outputs":[{"name":"y0","datatype":"FP32","shape":[-1]}]}""")]
    [InlineData("/v2/models/fashion_cnn/versions/1", """{"name":"fashion_cnn","versions":["1"],"platform":"onnxruntime_onnx","inputs":[{"name":"image","datatype":"FP32","shape":[-1,1,28,28]}],"outputs":[{"name":"probabilities","datatype":"FP32","shape":[-1,10]}]}""")]
    public async Task What_the_server_tells(string path, string expected)
    {
        var response = await _host.Http.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(expected, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_seed_that_is_not_ready_says_so_by_code_and_body()
    {
        _host.NotReady = "no cluster yet";
        var response = await _host.Http.GetAsync("/v2/health/ready");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("""{"live":false,"ready":false,"status":"not_ready","reasons":[{"code":"joining","message":"no cluster yet"}]}""", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_model_that_no_vehicle_takes_is_not_ready_though_the_seed_is()
    {
        _host.NoVehicles = "no vehicle is connected";
        await RestErrors.AssertAsync(
            HttpStatusCode.BadRequest, "model 'numbers' cannot be served: no vehicle is connected", await _host.Http.GetAsync("/v2/models/numbers/ready"));
        Assert.Equal(HttpStatusCode.OK, (await _host.Http.GetAsync("/v2/health/ready")).StatusCode);
    }

    [Fact]
    public async Task A_seed_that_has_not_joined_yet_has_not_started()
    {
        _host.HasStarted = false;
        var response = await _host.Http.GetAsync("/healthz/startup");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(
            """{"status":"starting","reasons":[{"code":"joining","message":"this seed has not joined its region yet"}]}""",
            await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("GET", "/v2/models/unknown/ready", 400, "model 'unknown' is not known")]
    [InlineData("GET", "/v2/models/broken/ready", 400, "model 'broken' version 1 is not ready: model.onnx cannot be loaded")]
    [InlineData("GET", "/v2/models/numbers/versions/2/ready", 400, "model 'numbers' has no version '2'")]
    [InlineData("GET", "/v2/models/unknown", 404, "model 'unknown' is not known")]
    [InlineData("GET", "/v2/models/unknown/stats", 404, "model 'unknown' is not known")]
    [InlineData("GET", "/v2/models/broken", 503, "model 'broken' version 1 is not ready")]
    [InlineData("GET", "/v2/nothing/here", 404, "there is nothing at /v2/nothing/here")]
    [InlineData("GET", "/", 404, "there is nothing at /")]
    [InlineData("GET", "/favicon.ico", 404, "there is nothing at /favicon.ico")]
    [InlineData("POST", "/v2", 405, "/v2 takes GET, not POST")]
    [InlineData("DELETE", "/v2/models/numbers", 405, "takes GET, not DELETE")]
    [InlineData("GET", "/v2/models/numbers/infer", 405, "takes POST, not GET")]
    [InlineData("GET", "/v2/repository/index", 405, "takes POST, not GET")]
    public async Task What_is_not_there_is_an_error_object(string verb, string path, int status, string expected)
    {
        using var request = new HttpRequestMessage(new HttpMethod(verb), path);
        await RestErrors.AssertAsync((HttpStatusCode)status, expected, await _host.Http.SendAsync(request));
    }

    [Theory]
    [InlineData("", "broken/1 UNAVAILABLE,fashion_cnn/1 READY,mixed/2 READY,numbers/1 READY,numbers/3 READY")]
    [InlineData("{}", "broken/1 UNAVAILABLE,fashion_cnn/1 READY,mixed/2 READY,numbers/1 READY,numbers/3 READY")]
    [InlineData("{\"ready\":true}", "fashion_cnn/1 READY,mixed/2 READY,numbers/1 READY,numbers/3 READY")]
    public async Task The_index_lists_every_version_with_its_reason(string body, string expected)
    {
        var response = await _host.Http.PostAsync("/v2/repository/index", new StringContent(body));
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        var models = json.RootElement.EnumerateArray().ToArray();
        Assert.Equal(expected, string.Join(',', models.Select(model => $"{Text(model, "name")}/{Text(model, "version")} {Text(model, "state")}")));
        Assert.All(models, model => Assert.Equal(Text(model, "state") == "READY", Text(model, "reason").Length == 0));
    }

    [Theory]
    [InlineData("[]", "the body must be a JSON object or empty")]
    [InlineData("{\"ready\":1}", "'ready' must be true or false")]
    [InlineData("{", "the body is not valid JSON")]
    public async Task An_index_request_that_cannot_be_read_is_refused(string body, string expected) =>
        await RestErrors.AssertAsync(HttpStatusCode.BadRequest, expected, await _host.Http.PostAsync("/v2/repository/index", new StringContent(body)));

    [Fact]
    public async Task A_model_copied_in_while_the_server_runs_is_served()
    {
        _host.Folder.WriteModel("late", OnnxFile.Identity((TensorElementType.Int8, [1])));
        await WaitUntilAsync(async () => (await _host.Http.GetAsync("/v2/models/late/ready")).StatusCode == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Statistics_count_items_and_times_in_Tritons_fields()
    {
        const string batch = """{"inputs":[{"name":"x0","shape":[3],"datatype":"FP32","data":[1,2,3]}]}""";
        await _host.Http.PostAsync("/v2/models/numbers/infer", new StringContent(batch));
        await _host.Http.PostAsync("/v2/models/numbers/infer", new StringContent(batch));
        await _host.Http.PostAsync("/v2/models/numbers/infer", new StringContent("{}"));

        using var json = JsonDocument.Parse(await _host.Http.GetStringAsync("/v2/models/numbers/versions/3/stats"));
        var model = Assert.Single(json.RootElement.GetProperty("model_stats").EnumerateArray());
        Assert.Equal(("numbers", "3"), (Text(model, "name"), Text(model, "version")));
        Assert.Equal(6, model.GetProperty("inference_count").GetInt32());
        Assert.Equal(2, model.GetProperty("execution_count").GetInt32());
        Assert.True(model.GetProperty("last_inference").GetInt64() > 1_700_000_000_000);
        var stats = model.GetProperty("inference_stats");
        Assert.Equal("""{"count":2,"ns":140000}""", stats.GetProperty("queue").GetRawText());
        Assert.Equal("""{"count":2,"ns":1000000}""", stats.GetProperty("compute_infer").GetRawText());
        Assert.Equal(1, stats.GetProperty("fail").GetProperty("count").GetInt32());
        Assert.Equal(2, stats.GetProperty("success").GetProperty("count").GetInt32());
        Assert.Equal("""{"count":0,"ns":0}""", stats.GetProperty("cache_hit").GetRawText());
        Assert.Equal(JsonValueKind.Array, model.GetProperty("batch_stats").ValueKind);
    }

    [Theory]
    [InlineData("/v2/models/stats", "fashion_cnn/1,mixed/2,numbers/1,numbers/3")]
    [InlineData("/v2/models/numbers/stats", "numbers/1,numbers/3")]
    public async Task Statistics_list_what_is_ready(string path, string expected)
    {
        using var json = JsonDocument.Parse(await _host.Http.GetStringAsync(path));
        Assert.Equal(expected, string.Join(',', json.RootElement.GetProperty("model_stats").EnumerateArray().Select(model => $"{Text(model, "name")}/{Text(model, "version")}")));
    }

    [Fact]
    public async Task Artifacts_are_served_by_hash_with_ranges()
    {
        var expected = await File.ReadAllBytesAsync(Mesh.Testing.Checkout.Artifact("fashion_cnn"));
        var path = $"/artifacts/{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(expected))}";
        Assert.Equal(expected, await _host.Http.GetByteArrayAsync(path));
        using var rest = new HttpRequestMessage(HttpMethod.Get, path);
        rest.Headers.Range = new System.Net.Http.Headers.RangeHeaderValue(1000, null);
        var response = await _host.Http.SendAsync(rest);
        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal(expected[1000..], await response.Content.ReadAsByteArrayAsync());
        await RestErrors.AssertAsync(HttpStatusCode.NotFound, "No model of this seed", await _host.Http.GetAsync($"/artifacts/{new string('0', 64)}"));
        await RestErrors.AssertAsync(HttpStatusCode.BadRequest, "is not a SHA-256", await _host.Http.GetAsync("/artifacts/..%2fpasswd"));
    }

    private static string Text(JsonElement element, string field) => element.GetProperty(field).GetString()!;

    private static async Task WaitUntilAsync(Func<Task<bool>> condition)
    {
        for (var deadline = DateTime.UtcNow.AddSeconds(30); !await condition();)
            Assert.True(DateTime.UtcNow < deadline, "The model did not become available.");
    }
}
