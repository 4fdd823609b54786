using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Mesh.Messages;
using Mesh.Seed.Routing;
using Mesh.Testing;
using Microsoft.ML.OnnxRuntime;
using static Mesh.State.Tests.Ingress.Samples;

namespace Mesh.State.Tests.Ingress.Rest;

public sealed class RestInferTests : IAsyncLifetime
{
    private const string Numbers = """{"inputs":[{"name":"x0","shape":[2],"datatype":"FP32","data":[1.5,-2]}]}""";
    private const string HeaderLength = "Inference-Header-Content-Length";

    private readonly IngressHost _host = new();

    public Task InitializeAsync() => _host.InitializeAsync();

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Real_pictures_come_back_exactly_as_ONNX_Runtime_gives_them()
    {
        _host.Gateway.Script = OnnxGateway.Run;
        var pixels = Pictures.Read(0, 32);
        var body = JsonSerializer.Serialize(new { inputs = new[] { new { name = "image", shape = new[] { 32, 1, 28, 28 }, datatype = "FP32", data = pixels } } });
        using var json = await OkAsync(await PostAsync("fashion_cnn", body));
        var output = json.RootElement.GetProperty("outputs")[0];
        Assert.Equal("probabilities", output.GetProperty("name").GetString());
        Assert.Equal([32, 10], output.GetProperty("shape").EnumerateArray().Select(dimension => dimension.GetInt32()));
        using var session = new InferenceSession(Checkout.Artifact("fashion_cnn"));
        var direct = OnnxGateway.Run(session, new RawTensor([32, 1, 28, 28], MemoryMarshal.AsBytes<float>(pixels).ToArray()));
        Assert.Equal(direct.Data.ToArray(), Bytes([.. output.GetProperty("data").EnumerateArray().Select(value => value.GetSingle())]));
    }

    [Fact]
    public async Task The_answer_tells_the_energy_that_was_measured()
    {
        _host.Gateway.Script = async (call, cancellation) =>
        {
            var outcome = await ScriptedGateway.Echo(call, cancellation);
            return outcome with { Timings = outcome.Timings with { EnergyUj = 42 } };
        };
        using var json = await OkAsync(await PostAsync("numbers", Numbers));
        Assert.Equal(42, json.RootElement.GetProperty("parameters").GetProperty("mesh_energy_uj").GetInt64());
    }

    [Fact]
    public async Task The_answer_tells_who_answered_and_how()
    {
        _host.Gateway.Script = async (call, cancellation) =>
            await ScriptedGateway.Echo(call, cancellation) with { Hedged = true, Network = TimeSpan.FromMicroseconds(300), Waited = TimeSpan.FromMicroseconds(30) };
        using var json = await OkAsync(await PostAsync("numbers", Numbers.Replace("{\"inputs\"", "{\"id\":\"i\",\"inputs\"", StringComparison.Ordinal)));
        var root = json.RootElement;
        Assert.Equal(("numbers", "3", "i"), (root.GetProperty("model_name").GetString(), root.GetProperty("model_version").GetString(), root.GetProperty("id").GetString()));
        Assert.Equal("""{"mesh_vehicle":"V-001","mesh_attempts":1,"mesh_queue_us":100,"mesh_infer_us":500,"mesh_network_us":300,"mesh_hedged":true}""", root.GetProperty("parameters").GetRawText());
        Assert.Equal("[1.5,-2]", root.GetProperty("outputs")[0].GetProperty("data").GetRawText());
    }

    [Fact]
    public async Task Binary_and_JSON_mix_both_ways()
    {
        var json = Encoding.UTF8.GetBytes("""
            {"inputs":[{"name":"x2","shape":[2],"datatype":"FP16","parameters":{"binary_data_size":4}},
                       {"name":"x0","shape":[1],"datatype":"FP32","data":[7]},
                       {"name":"x1","shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":6}}],
             "outputs":[{"name":"y1"},{"name":"y2","parameters":{"binary_data":true}}]}
            """);
        byte[] tail = [1, 2, 3, 4, 2, 0, 0, 0, 104, 105];
        var response = await PostBinaryAsync("mixed/versions/2", [.. json, .. tail], json.Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType!.MediaType);
        var body = await response.Content.ReadAsByteArrayAsync();
        var jsonLength = int.Parse(Assert.Single(response.Headers.GetValues(HeaderLength)), System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal([1, 2, 3, 4], body[jsonLength..]);
        using var document = JsonDocument.Parse(body.AsMemory(0, jsonLength));
        var outputs = document.RootElement.GetProperty("outputs");
        Assert.Equal("""["hi"]""", outputs[0].GetProperty("data").GetRawText());
        Assert.Equal(4, outputs[1].GetProperty("parameters").GetProperty("binary_data_size").GetInt32());
    }

    [Fact]
    public async Task A_raw_binary_request_is_the_tensor_alone()
    {
        var response = await PostBinaryAsync("numbers", Bytes(1f, float.NaN), "0");
        var body = await response.Content.ReadAsByteArrayAsync();
        var jsonLength = int.Parse(Assert.Single(response.Headers.GetValues(HeaderLength)), System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(Bytes(1f, float.NaN), body[jsonLength..]);
        Assert.Equal([2], _host.Gateway.Calls.Single().Inputs[0].Shape);
    }

    [Theory]
    [InlineData("9999", "header Inference-Header-Content-Length is 9999, but the body has only")]
    [InlineData("-1", "must be a decimal number of bytes, got '-1'")]
    [InlineData("abc", "must be a decimal number of bytes, got 'abc'")]
    [InlineData("5", "the body is not valid JSON")]
    public async Task A_header_length_that_cannot_be_is_refused(string length, string expected) =>
        await AssertErrorAsync(HttpStatusCode.BadRequest, expected, await PostBinaryAsync("numbers", Encoding.UTF8.GetBytes(Numbers), length));

    [Fact]
    public async Task NaN_asked_as_JSON_is_a_clear_error_and_binary_works()
    {
        _host.Gateway.Always(Ok(new RawTensor([1], Bytes(float.NaN))));
        await AssertErrorAsync(HttpStatusCode.BadRequest, "output 'y0' holds NaN or Infinity", await PostAsync("numbers", Numbers));
        var response = await PostAsync("numbers", """{"parameters":{"binary_data_output":true},""" + Numbers[1..]);
        Assert.Equal(Bytes(float.NaN), (await response.Content.ReadAsByteArrayAsync())[^4..]);
    }

    [Theory]
    [InlineData("unknown", HttpStatusCode.NotFound, "model 'unknown' is not known")]
    [InlineData("numbers/versions/7", HttpStatusCode.NotFound, "model 'numbers' has no version '7'")]
    [InlineData("numbers/versions/x", HttpStatusCode.NotFound, "model 'numbers' has no version 'x'")]
    [InlineData("broken", HttpStatusCode.ServiceUnavailable, "model 'broken' version 1 is not ready: model.onnx cannot be loaded")]
    public async Task A_model_that_cannot_serve_is_named(string model, HttpStatusCode status, string expected)
    {
        await AssertErrorAsync(status, expected, await PostAsync(model, Numbers));
        Assert.Empty(_host.Gateway.Calls);
    }

    [Fact]
    public async Task Place_and_client_reach_the_router()
    {
        const string Parameters = """{"mesh_location":"52.52,13.40","mesh_max_distance_km":50,"mesh_region":"here"}""";
        var near = "{\"parameters\":" + Parameters + "," + Numbers[1..];
        foreach (var (header, value) in new[] { ("Authorization", "Bearer secret"), ("X-API-Key", "secret"), ("X-API-Key", "other"), ("X-Other", "secret") })
        {
            using var request = Post("numbers", new StringContent(near, Encoding.UTF8, "application/json"));
            request.Headers.Add(header, value);
            Assert.Equal(HttpStatusCode.OK, (await _host.Http.SendAsync(request)).StatusCode);
        }

        var calls = _host.Gateway.Calls.ToArray();
        Assert.All(calls, call => Assert.Equal((new GeoPoint(52.52, 13.40), 50), (call.Origin, call.MaxDistanceKm)));
        Assert.Equal(calls[0].Client, calls[1].Client);
        Assert.Equal(3, calls.Select(call => call.Client).Distinct().Count());
        Assert.Equal(0u, calls[3].Client);
        await AssertErrorAsync(
            HttpStatusCode.BadRequest,
            "parameter 'mesh_region' asks for region 'elsewhere', but this is a seed of region 'here'",
            await PostAsync("numbers", near.Replace("\"here\"", "\"elsewhere\"", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(RequestOutcome.Invalid, 400, null)]
    [InlineData(RequestOutcome.Overloaded, 429, "3")]
    [InlineData(RequestOutcome.Unavailable, 503, "3")]
    [InlineData(RequestOutcome.DeadlineExceeded, 504, null)]
    [InlineData(RequestOutcome.DeadlineExceeded, 504, "3")]
    [InlineData(RequestOutcome.Failed, 500, null)]
    public async Task Every_outcome_has_its_status(RequestOutcome outcome, int status, string? retryAfter)
    {
        _host.Gateway.Always(Ok() with { Outcome = outcome, Error = "because", RetryAfter = retryAfter is null ? null : TimeSpan.FromSeconds(2.1) });
        var response = await PostAsync("numbers", Numbers);
        Assert.Equal(retryAfter, response.Headers.RetryAfter?.ToString());
        await AssertErrorAsync((HttpStatusCode)status, "because", response);
    }

    [Fact]
    public async Task A_vehicles_answer_that_does_not_fit_is_a_server_error()
    {
        _host.Gateway.Always(Ok(new RawTensor([3], new byte[8])));
        await AssertErrorAsync(HttpStatusCode.InternalServerError, "vehicle V-001 answered with tensors that do not fit the model: output 'y0'", await PostAsync("numbers", Numbers));
    }

    [Fact]
    public async Task A_gateway_that_breaks_its_promise_is_a_server_error_without_its_details()
    {
        _host.Gateway.Script = (_, _) => throw new InvalidOperationException("secret");
        await AssertErrorAsync(HttpStatusCode.InternalServerError, "the server failed to handle the request", await PostAsync("numbers", Numbers));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Compressed_bodies_are_read_and_answers_compressed(string coding)
    {
        var many = JsonSerializer.Serialize(new { inputs = new[] { new { name = "x0", shape = new[] { 1000 }, datatype = "FP32", data = Enumerable.Range(0, 1000) } } });
        using var request = Post("numbers", new ByteArrayContent(Compress(coding, Encoding.UTF8.GetBytes(many))));
        request.Content!.Headers.ContentEncoding.Add(coding);
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue(coding));
        var response = await _host.Http.SendAsync(request);
        Assert.Equal([coding], response.Content.Headers.ContentEncoding);
        await using var body = await response.Content.ReadAsStreamAsync();
        await using Stream plain = coding == "gzip" ? new GZipStream(body, CompressionMode.Decompress) : new ZLibStream(body, CompressionMode.Decompress);
        using var json = await JsonDocument.ParseAsync(plain);
        Assert.Equal(Enumerable.Range(0, 1000), json.RootElement.GetProperty("outputs")[0].GetProperty("data").EnumerateArray().Select(value => value.GetInt32()));
    }

    [Fact]
    public async Task The_limit_holds_for_plain_chunked_and_decompressed_bodies()
    {
        var large = new byte[IngressHost.MaxRequestBytes + 1];
        await AssertErrorAsync(HttpStatusCode.RequestEntityTooLarge, "larger than the 1048576 bytes", await PostBinaryAsync("numbers", large, "0"));
        using var chunked = Post("numbers", new ByteArrayContent(large));
        chunked.Headers.TransferEncodingChunked = true;
        await AssertErrorAsync(HttpStatusCode.RequestEntityTooLarge, "larger than the 1048576 bytes", await _host.Http.SendAsync(chunked));
        using var bomb = Post("numbers", new ByteArrayContent(Compress("gzip", large)));
        bomb.Content!.Headers.ContentEncoding.Add("gzip");
        await AssertErrorAsync(HttpStatusCode.RequestEntityTooLarge, "larger than the 1048576 bytes", await _host.Http.SendAsync(bomb));
        Assert.Equal(HttpStatusCode.OK, (await PostBinaryAsync("numbers", large[1..], "0")).StatusCode);
    }

    [Fact]
    public async Task Broken_or_unknown_codings_are_refused()
    {
        var compressed = Compress("gzip", Encoding.UTF8.GetBytes(Numbers));
        foreach (var (body, coding, status) in new[]
        {
            (compressed[..^12], "gzip", HttpStatusCode.BadRequest),
            (Encoding.UTF8.GetBytes(Numbers), "gzip", HttpStatusCode.BadRequest),
            (compressed, "br", HttpStatusCode.UnsupportedMediaType),
        })
        {
            using var request = Post("numbers", new ByteArrayContent(body));
            request.Content!.Headers.ContentEncoding.Add(coding);
            await AssertErrorAsync(status, "", await _host.Http.SendAsync(request));
        }
    }

    [Fact]
    public async Task A_body_with_broken_framing_is_refused()
    {
        var response = await SendRawAsync("Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\n{\"inp\r\nnot-a-length\r\n");
        Assert.StartsWith("HTTP/1.1 400", response, StringComparison.Ordinal);
        Assert.Contains("""{"error":"the body cannot be read""", response, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_ends_within_its_body_reaches_no_vehicle_and_harms_nobody()
    {
        // Kestrel takes the end of the client's side as its departure, so there is nobody to answer.
        var response = await SendRawAsync($"Content-Length: 500\r\n\r\n{Numbers}", end: true);
        Assert.DoesNotContain("200 OK", response, StringComparison.Ordinal);
        Assert.Empty(_host.Gateway.Calls);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync("numbers", Numbers)).StatusCode);
    }

    [Fact]
    public async Task A_client_that_goes_away_cancels_its_request()
    {
        var entered = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        _host.Gateway.Script = async (_, cancellation) =>
        {
            cancellation.Register(cancelled.SetResult);
            entered.SetResult();
            await cancelled.Task;
            return Ok() with { Outcome = RequestOutcome.Cancelled, Error = "cancelled" };
        };
        using var leaving = new CancellationTokenSource();
        var request = _host.Http.PostAsync("/v2/models/numbers/infer", new StringContent(Numbers), leaving.Token);
        await entered.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    private async Task<string> SendRawAsync(string headersAndBody, bool end = false)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_host.Http.BaseAddress!.Host, _host.Http.BaseAddress.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /v2/models/numbers/infer HTTP/1.1\r\nHost: x\r\n{headersAndBody}"));
        if (end)
            client.Client.Shutdown(SocketShutdown.Send);
        using var reader = new StreamReader(stream);
        try
        {
            return await reader.ReadToEndAsync();
        }
        catch (IOException)
        {
            return "(connection reset)";
        }
    }

    private static HttpRequestMessage Post(string model, HttpContent content) =>
        new(HttpMethod.Post, $"/v2/models/{model}/infer") { Content = content };

    private async Task<HttpResponseMessage> PostAsync(string model, string json)
    {
        using var request = Post(model, new StringContent(json, Encoding.UTF8, "application/json"));
        return await _host.Http.SendAsync(request);
    }

    private async Task<HttpResponseMessage> PostBinaryAsync(string model, byte[] body, string headerLength)
    {
        using var request = Post(model, new ByteArrayContent(body));
        request.Headers.Add(HeaderLength, headerLength);
        return await _host.Http.SendAsync(request);
    }

    private static byte[] Compress(string coding, byte[] plain)
    {
        using var target = new MemoryStream();
        using (Stream encoder = coding == "gzip" ? new GZipStream(target, CompressionLevel.Fastest) : new ZLibStream(target, CompressionLevel.Fastest))
            encoder.Write(plain);
        return target.ToArray();
    }

    private static async Task<JsonDocument> OkAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        Assert.False(response.Headers.Contains(HeaderLength));
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        return JsonDocument.Parse(text);
    }

    private static Task AssertErrorAsync(HttpStatusCode status, string expected, HttpResponseMessage response) =>
        RestErrors.AssertAsync(status, expected, response);
}
