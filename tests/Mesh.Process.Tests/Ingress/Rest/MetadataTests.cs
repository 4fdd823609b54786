using System.Net;
using System.Text.Json;
using Mesh.Demo;
using Mesh.Process.Tests.Meshes;

namespace Mesh.Process.Tests.Ingress.Rest;

[Collection(OnRunningMesh.Name)]
public sealed class MetadataTests(RunningMesh mesh)
{
    [Fact]
    public async Task The_server_tells_its_name_version_and_extensions()
    {
        var server = (await mesh.Rest.GetAsync("/v2")).Ok().Json;
        Assert.Equal("mesh", server.GetProperty("name").GetString());
        Assert.Matches(@"^\d+\.\d+\.\d+$", server.GetProperty("version").GetString());
        Assert.Equal(
            ["binary_tensor_data", "model_repository", "parameters", "schedule_policy", "statistics"],
            server.GetProperty("extensions").EnumerateArray().Select(extension => extension.GetString()));
    }

    [Fact]
    public async Task Health_is_told_by_code_and_by_body()
    {
        var live = (await mesh.Rest.GetAsync("/v2/health/live")).Ok().Json;
        Assert.True(live.GetProperty("live").GetBoolean());
        var ready = (await mesh.Rest.GetAsync("/v2/health/ready")).Ok().Json;
        Assert.True(ready.GetProperty("ready").GetBoolean());
        // OIP's text spells the field of readiness so.
        Assert.True(ready.GetProperty("live").GetBoolean());
    }

    [Theory]
    [InlineData("/v2/models/fashion_cnn")]
    [InlineData("/v2/models/fashion_cnn/versions/1")]
    public async Task A_model_tells_its_tensors(string path)
    {
        var model = (await mesh.Rest.GetAsync(path)).Ok().Json;
        Assert.Equal("fashion_cnn", model.GetProperty("name").GetString());
        Assert.Equal("onnxruntime_onnx", model.GetProperty("platform").GetString());
        Assert.Equal("1", Assert.Single(model.GetProperty("versions").EnumerateArray()).GetString());
        AssertTensor(Assert.Single(model.GetProperty("inputs").EnumerateArray()), DirectRun.InputName, "FP32", -1, 1, 28, 28);
        AssertTensor(Assert.Single(model.GetProperty("outputs").EnumerateArray()), DirectRun.OutputName, "FP32", -1, 10);
    }

    [Theory]
    [InlineData("/v2/models/lande/ready")]
    [InlineData("/v2/models/lande/versions/1/ready")]
    public async Task A_model_tells_that_it_is_ready(string path)
    {
        var ready = (await mesh.Rest.GetAsync(path)).Ok().Json;
        Assert.Equal("lande", ready.GetProperty("name").GetString());
        Assert.True(ready.GetProperty("ready").GetBoolean());
    }

    [Fact]
    public async Task The_index_lists_every_version()
    {
        var index = (await mesh.Rest.PostAsync("/v2/repository/index", "{}")).Ok().Json.EnumerateArray().ToList();
        foreach (var model in (string[])["blazeface", "doubling", "fashion_cnn", "lande", "pair"])
        {
            var entry = index.Single(entry => entry.GetProperty("name").ValueEquals(model));
            Assert.Equal("1", entry.GetProperty("version").GetString());
            Assert.Equal("READY", entry.GetProperty("state").GetString());
            Assert.Equal("", entry.GetProperty("reason").GetString());
        }

        // An empty body is taken too, and means the same.
        var again = await mesh.Rest.SendAsync(HttpMethod.Post, "/v2/repository/index", null);
        Assert.Equal(index.Count, again.Ok().Json.GetArrayLength());
    }

    [Fact]
    public async Task Statistics_count_up_in_Tritons_fields()
    {
        var before = await StatisticsAsync();
        var body = Requests.Pictures(first: 0, count: 3);
        (await mesh.Rest.PostAsync("/v2/models/fashion_cnn/infer", body)).Ok();
        (await mesh.Rest.PostAsync("/v2/models/fashion_cnn/infer", Requests.Picture(0, id: "again"))).Ok();
        (await mesh.Rest.PostAsync("/v2/models/fashion_cnn/infer", "{}")).Error(HttpStatusCode.BadRequest);
        var after = await StatisticsAsync();

        Assert.Equal(4, Difference("inference_count"));
        Assert.Equal(2, Difference("execution_count"));
        Assert.InRange(
            DateTimeOffset.FromUnixTimeMilliseconds(after.GetProperty("last_inference").GetInt64()),
            DateTimeOffset.UtcNow.AddMinutes(-1),
            DateTimeOffset.UtcNow.AddMinutes(1));
        foreach (var part in (string[])["success", "queue", "compute_input", "compute_infer", "compute_output"])
            Assert.Equal(2, Duration(after, part, "count") - Duration(before, part, "count"));
        Assert.Equal(1, Duration(after, "fail", "count") - Duration(before, "fail", "count"));
        Assert.True(Duration(after, "success", "ns") - Duration(before, "success", "ns")
            > Duration(after, "compute_infer", "ns") - Duration(before, "compute_infer", "ns"));
        Assert.Equal(0, Duration(after, "cache_hit", "count") + Duration(after, "cache_miss", "count"));
        Assert.Equal(JsonValueKind.Array, after.GetProperty("batch_stats").ValueKind);

        long Difference(string field) => after.GetProperty(field).GetInt64() - before.GetProperty(field).GetInt64();
    }

    [Fact]
    public async Task Statistics_of_all_models_are_one_list()
    {
        var all = (await mesh.Rest.GetAsync("/v2/models/stats")).Ok().Json.GetProperty("model_stats").EnumerateArray();
        Assert.Superset(
            (ISet<string?>)new HashSet<string?> { "blazeface", "fashion_cnn", "lande" },
            all.Select(model => model.GetProperty("name").GetString()).ToHashSet());
    }

    private async Task<JsonElement> StatisticsAsync() => Assert.Single(
        (await mesh.Rest.GetAsync("/v2/models/fashion_cnn/versions/1/stats")).Ok().Json.GetProperty("model_stats").EnumerateArray());

    private static long Duration(JsonElement model, string part, string field) =>
        model.GetProperty("inference_stats").GetProperty(part).GetProperty(field).GetInt64();

    private static void AssertTensor(JsonElement tensor, string name, string datatype, params long[] shape)
    {
        Assert.Equal(name, tensor.GetProperty("name").GetString());
        Assert.Equal(datatype, tensor.GetProperty("datatype").GetString());
        Assert.Equal(shape, tensor.GetProperty("shape").EnumerateArray().Select(dimension => dimension.GetInt64()));
    }
}
