using System.Text.Json;
using Mesh.Demo;
using Mesh.Demo.Processes;
using Mesh.Process.Tests.Meshes;
using Mesh.Testing;

namespace Mesh.Process.Tests.Clients;

/// <summary>What Node's fetch and grpc-js were answered, asked once for all tests.</summary>
public sealed class NodeClient : IAsyncLifetime
{
    /// <summary>One that the model is right about.</summary>
    public const int Picture = 3;

    private static readonly string Folder = Path.Combine(Checkout.Root, "tests", "Mesh.Process.Tests", "clients");
    private JsonElement? _answers;

    public Task InitializeAsync() => InstallAsync();

    /// <summary>Installs what the clients need, pinned by their lock file, unless it is there.</summary>
    internal static async Task InstallAsync()
    {
        // npm writes this file last: it is there once an installation is complete, of the lock file that was there then.
        var installed = Path.Combine(Folder, "node_modules", ".package-lock.json");
        if (File.GetLastWriteTimeUtc(installed) < File.GetLastWriteTimeUtc(Path.Combine(Folder, "package-lock.json")))
            await RunAsync(OperatingSystem.IsWindows() ? "npm.cmd" : "npm", "ci", "--prefix", Folder);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    /// <summary>Tests of one class run one after another, so only the first asks.</summary>
    internal async Task<JsonElement> AnswersAsync(TestMesh mesh) => _answers ??= await AskAsync(mesh);

    private static async Task<JsonElement> AskAsync(TestMesh mesh)
    {
        var picture = Path.Combine(mesh.Folder("node"), "picture.json");
        await File.WriteAllTextAsync(picture, Requests.Numbers(Pictures.Data.Image(Picture).Span));
        return await RunScriptAsync("client.mjs", mesh.Seed.Http.GetLeftPart(UriPartial.Authority), mesh.Seed.Grpc.Authority, picture);
    }

    /// <summary>The line of JSON that a script prints.</summary>
    internal static async Task<JsonElement> RunScriptAsync(string script, params string[] arguments)
    {
        var output = await RunAsync("node", [Path.Combine(Folder, script), .. arguments]);
        using var answers = JsonDocument.Parse(output.Split('\n').Single(line => line.StartsWith('{')));
        return answers.RootElement.Clone();
    }

    /// <summary>Its output; the test fails, and says what to install, when there is no such program.</summary>
    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        ManagedProcess process;
        try
        {
            process = ManagedProcess.Start(new ProcessSpec(program, program, arguments));
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidOperationException(
                $"{e.Message}\nThe protocol is also tested with a client that shares no code with the mesh: install Node.js 20 or newer with npm.", e);
        }

        await using (process)
        {
            var exitCode = await process.Exited.WaitAsync(TimeSpan.FromMinutes(3));
            Assert.True(exitCode == 0, $"{program} {arguments[0]} failed with exit code {exitCode}:\n{process.Tail()}");
            return process.Tail();
        }
    }
}

[Collection(OnRunningMesh.Name)]
public sealed class NodeClientTests(RunningMesh mesh, NodeClient node) : IClassFixture<NodeClient>
{
    [Fact]
    public async Task Fetch_is_told_about_server_and_model()
    {
        var rest = (await node.AnswersAsync(mesh.Mesh)).GetProperty("rest");
        Assert.Equal((200, 200), (rest.GetProperty("live").GetInt32(), rest.GetProperty("ready").GetInt32()));
        Assert.Equal("mesh", Body(rest, "server", 200).GetProperty("name").GetString());
        Assert.Equal("image", Body(rest, "model", 200).GetProperty("inputs")[0].GetProperty("name").GetString());
        Assert.Equal("model 'nobody' is not known", Body(rest, "unknown", 404).GetProperty("error").GetString());
    }

    [Fact]
    public async Task Fetch_is_answered_in_JSON_and_in_binary()
    {
        var rest = (await node.AnswersAsync(mesh.Mesh)).GetProperty("rest");
        var answer = Body(rest, "infer", 200);
        Assert.Equal("fetch", answer.GetProperty("id").GetString());
        AssertPicture(answer.GetProperty("outputs")[0].GetProperty("data"));
        AssertPicture(rest.GetProperty("binary").GetProperty("probabilities"));
    }

    [Fact]
    public async Task Grpc_js_is_told_about_server_and_model()
    {
        var grpc = (await node.AnswersAsync(mesh.Mesh)).GetProperty("grpc");
        Assert.True(grpc.GetProperty("live").GetProperty("live").GetBoolean());
        Assert.True(grpc.GetProperty("ready").GetProperty("ready").GetBoolean());
        Assert.True(grpc.GetProperty("modelReady").GetProperty("ready").GetBoolean());
        Assert.Equal("mesh", grpc.GetProperty("server").GetProperty("name").GetString());
        Assert.Contains(
            grpc.GetProperty("server").GetProperty("extensions").EnumerateArray(), extension => extension.ValueEquals("binary_tensor_data"));
        var model = grpc.GetProperty("model");
        Assert.Equal("onnxruntime_onnx", model.GetProperty("platform").GetString());
        Assert.Equal("1", model.GetProperty("versions")[0].GetString());
        AssertTensor(model.GetProperty("inputs")[0], "image", -1, 1, 28, 28);
        AssertTensor(model.GetProperty("outputs")[0], "probabilities", -1, 10);
    }

    [Theory]
    [InlineData("raw")]
    [InlineData("typed")]
    public async Task Grpc_js_is_answered(string form)
    {
        var answer = (await node.AnswersAsync(mesh.Mesh)).GetProperty("grpc").GetProperty(form);
        Assert.Equal(form, answer.GetProperty("id").GetString());
        Assert.Equal("fashion_cnn", answer.GetProperty("model_name").GetString());
        Assert.Equal("1", answer.GetProperty("model_version").GetString());
        AssertTensor(answer.GetProperty("outputs")[0], "probabilities", 1, 10);
        AssertPicture(answer.GetProperty("probabilities"));
        Assert.StartsWith("V-00", answer.GetProperty("vehicle").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unknown", 5, "model 'nobody' is not known")]
    [InlineData("invalid", 3, "input 'image': shape [2,1,28,28] of FP32 needs 1568 elements")]
    [InlineData("late", 4, "")]
    public async Task Grpc_js_is_told_what_is_wrong(string call, int code, string why)
    {
        var failure = (await node.AnswersAsync(mesh.Mesh)).GetProperty("grpc").GetProperty(call);
        Assert.Equal(code, failure.GetProperty("code").GetInt32());
        Assert.Contains(why, failure.GetProperty("details").GetString(), StringComparison.Ordinal);
    }

    private static JsonElement Body(JsonElement rest, string name, int status)
    {
        Assert.Equal(status, rest.GetProperty(name).GetProperty("status").GetInt32());
        return rest.GetProperty(name).GetProperty("body");
    }

    private static void AssertTensor(JsonElement tensor, string name, params long[] shape)
    {
        Assert.Equal(name, tensor.GetProperty("name").GetString());
        Assert.Equal("FP32", tensor.GetProperty("datatype").GetString());
        Assert.Equal(shape, tensor.GetProperty("shape").EnumerateArray().Select(dimension => dimension.GetInt64()));
    }

    private static void AssertPicture(JsonElement probabilities)
    {
        var values = probabilities.EnumerateArray().Select(value => value.GetSingle()).ToArray();
        Pictures.AssertAgrees(NodeClient.Picture, values);
        Assert.Equal(Pictures.Data.Label(NodeClient.Picture), DirectRun.ClassOf(values));
    }
}
