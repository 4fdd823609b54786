using System.Globalization;
using System.Text;
using System.Text.Json;
using Mesh.Demo;
using Mesh.Demo.Processes;
using Mesh.Process.Tests.Meshes;
using Mesh.Testing;

namespace Mesh.Process.Tests.Clients;

/// <summary>A test that needs <c>curl</c>, which most systems come with; it is skipped where there is none, and CI fails on such a skip.</summary>
public sealed class CurlFactAttribute : FactAttribute
{
    public CurlFactAttribute() => Skip = InstalledProgram.Missing(OperatingSystem.IsWindows() ? "curl.exe" : "curl");
}

[Collection(OnRunningMesh.Name)]
public sealed class CurlTests(RunningMesh mesh)
{
    [CurlFact]
    public async Task Curl_posts_JSON()
    {
        var request = await FileAsync("request.json", Encoding.UTF8.GetBytes(Requests.Picture(12, id: "curl")));
        var answer = await CurlAsync("-H", "Content-Type: application/json", "--data-binary", "@" + request);
        using var json = JsonDocument.Parse(answer);
        Assert.Equal("curl", json.RootElement.GetProperty("id").GetString());
        Pictures.AssertAgrees(
            12, [.. json.RootElement.GetProperty("outputs")[0].GetProperty("data").EnumerateArray().Select(value => value.GetSingle())]);
    }

    [CurlFact]
    public async Task Curl_posts_and_gets_binary()
    {
        var header = Encoding.UTF8.GetBytes(Requests.Inputs(
            Requests.Input(DirectRun.InputName, "FP32", [1, 1, 28, 28], null, 3136), parameters: """{"binary_data_output": true}"""));
        var request = await FileAsync("request.bin", [.. header, .. Requests.Raw(Pictures.Data.Image(13).Span)]);
        var length = string.Create(CultureInfo.InvariantCulture, $"{RestClient.HeaderLength}: {header.Length}");
        var answer = await CurlAsync("-H", "Content-Type: application/octet-stream", "-H", length, "--data-binary", "@" + request);
        // The ten probabilities are the end of the answer.
        Pictures.AssertAgrees(13, Requests.Floats(answer.AsSpan()[^40..]));
    }

    private async Task<byte[]> CurlAsync(params string[] arguments)
    {
        var answer = await FileAsync("answer", []);
        await using var curl = ManagedProcess.Start(new ProcessSpec("curl", "curl",
        [
            "--silent", "--show-error", "--fail-with-body", "--noproxy", "*", "--output", answer, .. arguments,
            new Uri(mesh.Mesh.Seed.Http, "/v2/models/fashion_cnn/infer").ToString(),
        ]));
        var exitCode = await curl.Exited.WaitAsync(TestMesh.Limit);
        var body = await File.ReadAllBytesAsync(answer);
        Assert.True(exitCode == 0, $"curl failed with exit code {exitCode}: {curl.Tail()} {Encoding.UTF8.GetString(body)}");
        return body;
    }

    private async Task<string> FileAsync(string name, byte[] content)
    {
        var path = Path.Combine(mesh.Mesh.Folder("curl"), name);
        await File.WriteAllBytesAsync(path, content);
        return path;
    }
}
