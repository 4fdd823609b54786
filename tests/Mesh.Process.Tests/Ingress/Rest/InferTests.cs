using System.IO.Compression;
using System.Net;
using System.Text;
using Mesh.Demo;
using Mesh.Process.Tests.Meshes;

namespace Mesh.Process.Tests.Ingress.Rest;

[Collection(OnRunningMesh.Name)]
public sealed class InferTests(RunningMesh mesh)
{
    private const string Fashion = "/v2/models/fashion_cnn/infer";

    [Fact]
    public async Task Labelled_pictures_get_the_direct_runs_answer()
    {
        const int Count = 50;
        var answers = await Task.WhenAll(Enumerable.Range(0, Count).Select(number => mesh.Mesh.ClassifyAsync(number)));
        var right = 0;
        foreach (var answer in answers)
        {
            Assert.True(answer.Failure is null, answer.Failure);
            Pictures.AssertAgrees(answer.Picture, answer.Probabilities);
            right += DirectRun.ClassOf(answer.Probabilities) == Pictures.Data.Label(answer.Picture) ? 1 : 0;
        }

        // The model is right on 91 % of the 10,000 test pictures.
        Assert.InRange(right, 42, Count);
    }

    [Fact]
    public async Task The_answer_names_model_version_request_and_vehicle()
    {
        var answer = (await mesh.Rest.PostAsync(Fashion, Requests.Picture(0, id: "request 7 \\ \"ä\""))).Ok().Json;
        Assert.Equal("fashion_cnn", answer.GetProperty("model_name").GetString());
        Assert.Equal("1", answer.GetProperty("model_version").GetString());
        Assert.Equal("request 7 \\ \"ä\"", answer.GetProperty("id").GetString());
        var parameters = answer.GetProperty("parameters");
        Assert.Contains(parameters.GetProperty("mesh_vehicle").GetString(), mesh.Mesh.Vehicles.Select(vehicle => vehicle.Id.Value));
        // One that happens to be late is hedged.
        Assert.Equal(parameters.GetProperty("mesh_hedged").GetBoolean() ? 2 : 1, parameters.GetProperty("mesh_attempts").GetInt32());
        Assert.InRange(parameters.GetProperty("mesh_network_us").GetInt64(), 0, 10_000_000);
        Assert.InRange(parameters.GetProperty("mesh_energy_uj").GetInt64(), 1, 100_000_000);
        Assert.InRange(await mesh.Mesh.Metrics.ReadAsync("mesh_energy_joules_total"), 1e-6, 1e9);
    }

    [Fact]
    public async Task A_place_and_a_radius_are_taken_and_another_region_is_named()
    {
        const string Everywhere = """{"mesh_location":"50.11,8.68","mesh_max_distance_km":20100}""";
        (await mesh.Rest.PostAsync(Fashion, Requests.Pictures(0, 1, Everywhere))).Ok();
        var refused = await mesh.Rest.PostAsync(Fashion, Requests.Pictures(0, 1, """{"mesh_region":"elsewhere"}"""));
        Assert.Contains("asks for region 'elsewhere', but this is a seed of region '", refused.Error(HttpStatusCode.BadRequest), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_without_an_id_gets_none_back()
    {
        var answer = (await mesh.Rest.PostAsync(Fashion, Requests.Pictures(0, 1))).Ok().Json;
        Assert.False(answer.TryGetProperty("id", out _));
    }

    [Fact]
    public async Task A_batch_is_one_answer()
    {
        var answer = (await mesh.Rest.PostAsync("/v2/models/fashion_cnn/versions/1/infer", Requests.Pictures(10, 5))).Ok();
        var output = answer.Output(DirectRun.OutputName);
        Assert.Equal([5L, 10L], output.GetProperty("shape").EnumerateArray().Select(dimension => dimension.GetInt64()));
        Assert.Equal("FP32", output.GetProperty("datatype").GetString());
        var probabilities = answer.Floats(DirectRun.OutputName);
        for (var i = 0; i < 5; i++)
            Pictures.AssertAgrees(10 + i, probabilities.AsSpan(10 * i, 10));
    }

    [Fact]
    public async Task Nested_arrays_mean_the_same_as_flat_ones()
    {
        var rows = Enumerable.Range(0, 28).Select(row => Requests.Numbers(Pictures.Data.Image(3).Span.Slice(28 * row, 28)));
        var input = Requests.Input(DirectRun.InputName, "FP32", [1, 1, 28, 28], $"[[[{string.Join(',', rows)}]]]");
        Pictures.AssertAgrees(3, (await mesh.Rest.PostAsync(Fashion, Requests.Inputs(input))).Ok().Floats(DirectRun.OutputName));
    }

    [Fact]
    public async Task Fields_may_come_in_any_order_and_unknown_ones_are_no_error()
    {
        var body = $$"""
            {"later": {"than": ["we"]}, "parameters": {"my_note": "x", "priority": 1, "timeout": 9000000},
             "inputs": [{"data": {{Requests.Numbers(Pictures.Data.Image(4).Span)}}, "shape": [1,1,28,28], "datatype": "FP32", "name": "image"}]}
            """;
        Pictures.AssertAgrees(4, (await mesh.Rest.PostAsync(Fashion, body)).Ok().Floats(DirectRun.OutputName));
    }

    [Fact]
    public async Task Outputs_come_as_they_were_asked_for()
    {
        var inputs = Requests.Input("number", "INT32", [2], "[7, -1]") + "," + Requests.Input("text", "BYTES", [2], "[\"a\", \"Übergröße\"]");
        var all = (await mesh.Rest.PostAsync("/v2/models/pair/infer", Requests.Inputs(inputs))).Ok();
        Assert.Equal(2, all.Json.GetProperty("outputs").GetArrayLength());
        Assert.Equal([7, -1], all.Output("number_out").GetProperty("data").EnumerateArray().Select(value => value.GetInt32()));
        Assert.Equal(["a", "Übergröße"], all.Output("text_out").GetProperty("data").EnumerateArray().Select(value => value.GetString()));

        var one = (await mesh.Rest.PostAsync("/v2/models/pair/infer", Requests.Inputs(inputs, outputs: """[{"name": "text_out"}]"""))).Ok();
        Assert.Equal("text_out", Assert.Single(one.Json.GetProperty("outputs").EnumerateArray()).GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Bodies_may_be_compressed_both_ways(string coding)
    {
        using var compressed = new MemoryStream();
        await using (Stream encoder = coding == "gzip"
            ? new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true)
            : new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            await encoder.WriteAsync(Encoding.UTF8.GetBytes(Requests.Pictures(0, 20)));
        var content = RestClient.Content(compressed.ToArray(), "application/json");
        content.Headers.ContentEncoding.Add(coding);

        var answer = (await mesh.Rest.SendAsync(HttpMethod.Post, Fashion, content, acceptEncoding: coding)).Ok();
        Assert.Equal(coding, answer.Headers["Content-Encoding"]);
        using var body = new MemoryStream();
        await using (Stream decoder = coding == "gzip"
            ? new GZipStream(new MemoryStream(answer.Body), CompressionMode.Decompress)
            : new ZLibStream(new MemoryStream(answer.Body), CompressionMode.Decompress))
            await decoder.CopyToAsync(body);
        var probabilities = (answer with { Body = body.ToArray() }).Floats(DirectRun.OutputName);
        Pictures.AssertAgrees(19, probabilities.AsSpan(190));
    }

    [Fact]
    public async Task A_timeout_that_no_vehicle_can_meet_is_a_504_that_says_so()
    {
        // It would run for days: only the deadline ends it, on the vehicle too, which serves others afterwards.
        var endless = Requests.Doubling(trips: 1L << 50, parameters: """{"timeout": 300000}""");
        var errors = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => mesh.Rest.PostAsync("/v2/models/doubling/infer", endless)));
        foreach (var error in errors)
            Assert.Contains("deadline", error.Error(HttpStatusCode.GatewayTimeout), StringComparison.Ordinal);
        await mesh.Mesh.AssertUnharmedAsync();
    }
}
