using System.Net;
using Mesh.Process.Tests.Meshes;
using Mesh.Testing;

namespace Mesh.Process.Tests.Models;

/// <summary>The models folder of a running seed. The seed's log tells when it has looked.</summary>
[Collection(OnRunningMesh.Name)]
public sealed class RepositoryTests(RunningMesh mesh)
{
    public static TheoryData<string, byte[]> BrokenArtifacts => new()
    {
        { "truncated", File.ReadAllBytes(Checkout.Artifact("fashion_cnn"))[..100_000] },
        { "garbage", [.. Enumerable.Range(0, 5000).Select(i => (byte)(i * 31))] },
        { "empty", [] },
    };

    [Theory]
    [MemberData(nameof(BrokenArtifacts))]
    public async Task A_broken_artifact_makes_only_its_model_unavailable_and_the_index_says_why(string name, byte[] artifact)
    {
        var lines = mesh.Mesh.Seed.Process.LineCount;
        mesh.Mesh.Put(name, artifact);
        await SeedSaysAsync($"Model {name}/1 is UNAVAILABLE", lines);

        var entry = (await mesh.Rest.PostAsync("/v2/repository/index", "{}")).Ok().Json.EnumerateArray()
            .Single(entry => entry.GetProperty("name").ValueEquals(name));
        Assert.Equal("UNAVAILABLE", entry.GetProperty("state").GetString());
        Assert.StartsWith("model.onnx ", entry.GetProperty("reason").GetString(), StringComparison.Ordinal);
        var ready = (await mesh.Rest.PostAsync("/v2/repository/index", """{"ready": true}""")).Ok().Json.EnumerateArray();
        Assert.DoesNotContain(ready, model => model.GetProperty("name").ValueEquals(name));

        var infer = await mesh.Rest.PostAsync($"/v2/models/{name}/infer", """{"inputs": []}""");
        Assert.Contains($"model '{name}' version 1 is not ready: model.onnx", infer.Error(HttpStatusCode.ServiceUnavailable), StringComparison.Ordinal);
        Assert.True(int.Parse(infer.Headers["Retry-After"], System.Globalization.CultureInfo.InvariantCulture) >= 1);
        (await mesh.Rest.GetAsync($"/v2/models/{name}/ready")).Error(HttpStatusCode.BadRequest);
        await mesh.Mesh.AssertUnharmedAsync();

        await RemoveAsync(name);
    }

    [Fact]
    public async Task A_model_comes_and_goes_while_the_seed_runs()
    {
        var lines = mesh.Mesh.Seed.Process.LineCount;
        mesh.Mesh.Put("newcomer", File.ReadAllBytes(Checkout.Artifact("fashion_cnn")));
        await SeedSaysAsync("Model newcomer/1 is READY", lines);
        var answer = (await mesh.Rest.PostAsync("/v2/models/newcomer/infer", Requests.Picture(2, id: "2"))).Ok();
        Assert.Equal("newcomer", answer.Json.GetProperty("model_name").GetString());
        Pictures.AssertAgrees(2, answer.Floats("probabilities"));

        await RemoveAsync("newcomer");
        var gone = await mesh.Rest.PostAsync("/v2/models/newcomer/infer", Requests.Picture(2, id: "2"));
        Assert.Equal("model 'newcomer' is not known", gone.Error(HttpStatusCode.NotFound));
    }

    [Fact]
    public async Task A_second_version_is_served_beside_the_first_and_is_the_default()
    {
        var lines = mesh.Mesh.Seed.Process.LineCount;
        mesh.Mesh.Put("versions", OnnxFile.NumberAndText());
        await SeedSaysAsync("Model versions/1 is READY", lines);
        var second = Path.Combine(mesh.Mesh.Models, "versions", "2");
        Directory.CreateDirectory(second);
        File.Copy(Checkout.Artifact("fashion_cnn"), Path.Combine(second, "model.onnx"));
        await SeedSaysAsync("Model versions/2 is READY", lines);

        var newest = (await mesh.Rest.PostAsync("/v2/models/versions/infer", Requests.Picture(2, id: "2"))).Ok();
        Assert.Equal("2", newest.Json.GetProperty("model_version").GetString());
        var pair = Requests.Inputs(Requests.Input("number", "INT32", [1], "[4]") + "," + Requests.Input("text", "BYTES", [1], "[\"four\"]"));
        var first = (await mesh.Rest.PostAsync("/v2/models/versions/versions/1/infer", pair)).Ok();
        Assert.Equal("1", first.Json.GetProperty("model_version").GetString());

        await RemoveAsync("versions");
    }

    private async Task RemoveAsync(string name)
    {
        var lines = mesh.Mesh.Seed.Process.LineCount;
        Directory.Delete(Path.Combine(mesh.Mesh.Models, name), recursive: true);
        await SeedSaysAsync($"Model {name}/1 was removed", lines);
        var index = (await mesh.Rest.PostAsync("/v2/repository/index", "{}")).Ok().Json.EnumerateArray();
        Assert.DoesNotContain(index, entry => entry.GetProperty("name").ValueEquals(name));
    }

    private Task<string> SeedSaysAsync(string text, long after) =>
        mesh.Mesh.Seed.Process.WaitForLineAsync(line => line.Contains(text, StringComparison.Ordinal), TestMesh.Limit, after);
}
