using System.Text.Json;
using Mesh.Demo;
using Mesh.Process.Tests.Meshes;

namespace Mesh.Process.Tests.Clients;

/// <summary>What OpenAI's npm client was answered, asked once for all tests.</summary>
public sealed class OpenAiClient : IAsyncLifetime
{
    public const int Pictures = 5;

    // Of its own: the lists hold what this client made and nothing else.
    private TestMesh? _mesh;

    internal JsonElement Answers { get; private set; }

    public async Task InitializeAsync()
    {
        await NodeClient.InstallAsync();
        _mesh = await TestMesh.StartAsync(vehicles: 1);
        Answers = await AskAsync(_mesh.Seed.Http);
    }

    public async Task DisposeAsync()
    {
        if (_mesh is not null)
            await _mesh.DisposeAsync();
    }

    private static async Task<JsonElement> AskAsync(Uri address)
    {
        var folder = Directory.CreateTempSubdirectory("mesh-openai-");
        try
        {
            var pictures = Path.Combine(folder.FullName, "pictures.json");
            var texts = Enumerable.Range(0, Pictures).Select(i => Requests.Numbers(Meshes.Pictures.Data.Image(i).Span));
            await File.WriteAllTextAsync(pictures, $"[{string.Join(',', texts)}]");
            return await NodeClient.RunScriptAsync("batches.mjs", address.GetLeftPart(UriPartial.Authority), "fashion_cnn", pictures);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}

public sealed class OpenAiClientTests(OpenAiClient client) : IClassFixture<OpenAiClient>
{
    [Fact]
    public void A_stream_is_uploaded_and_its_batch_completes()
    {
        var mixed = client.Answers.GetProperty("mixed");
        Assert.Equal(("streamed.jsonl", "batch", "processed"), (Text(mixed, "file", "filename"), Text(mixed, "file", "purpose"), Text(mixed, "file", "status")));
        Assert.StartsWith("file-", Text(mixed, "file", "id"), StringComparison.Ordinal);
        Assert.StartsWith("req_", Text(mixed, "requestId"), StringComparison.Ordinal);
        Assert.Equal("validating", Text(mixed, "created", "status"));
        Assert.Equal("completed", Text(mixed, "ended", "status"));
        Assert.Equal("""{"total":8,"completed":5,"failed":3}""", mixed.GetProperty("ended").GetProperty("request_counts").GetRawText());
        Assert.Equal("""{"purpose":"test"}""", mixed.GetProperty("ended").GetProperty("metadata").GetRawText());
    }

    [Fact]
    public void Every_good_line_has_its_answer_once_and_it_is_the_models()
    {
        var lines = client.Answers.GetProperty("mixed").GetProperty("output").EnumerateArray().ToDictionary(line => Text(line, "custom_id")!);
        Assert.Equal(OpenAiClient.Pictures, lines.Count);
        for (var picture = 0; picture < OpenAiClient.Pictures; picture++)
        {
            var response = lines[$"picture-{picture}"].GetProperty("response");
            Assert.Equal(200, response.GetProperty("status_code").GetInt32());
            var output = response.GetProperty("body").GetProperty("outputs")[0];
            Pictures.AssertAgrees(picture, [.. output.GetProperty("data").EnumerateArray().Select(value => value.GetSingle())]);
        }
    }

    [Fact]
    public void Every_bad_line_is_in_the_error_file_with_its_reason()
    {
        var lines = client.Answers.GetProperty("mixed").GetProperty("errors").EnumerateArray().ToArray();
        Assert.Equal(3, lines.Length);
        var unreadable = lines.Single(line => line.GetProperty("custom_id").ValueKind == JsonValueKind.Null);
        Assert.Equal(("invalid_json_line", 6), (Text(unreadable, "error", "code"), unreadable.GetProperty("error").GetProperty("line").GetInt32()));
        Assert.StartsWith("line 6: the line is not valid JSON", Text(unreadable, "error", "message"), StringComparison.Ordinal);
        var refused = lines.Single(line => Text(line, "custom_id") == "short").GetProperty("response");
        Assert.Equal(400, refused.GetProperty("status_code").GetInt32());
        Assert.Contains("needs 784 elements, got 3", Text(refused, "body", "error"), StringComparison.Ordinal);
        Assert.Equal("url_mismatch", Text(lines.Single(line => Text(line, "custom_id") == "elsewhere"), "error", "code"));
    }

    [Fact]
    public void A_file_at_fault_fails_its_batch_with_the_line()
    {
        var twins = client.Answers.GetProperty("twins");
        Assert.Equal(3600, twins.GetProperty("file").GetProperty("expires_at").GetInt64() - twins.GetProperty("file").GetProperty("created_at").GetInt64());
        Assert.Equal("failed", Text(twins, "ended", "status"));
        var fault = Assert.Single(twins.GetProperty("ended").GetProperty("errors").GetProperty("data").EnumerateArray());
        Assert.Equal(("duplicate_custom_id", 2), (Text(fault, "code"), fault.GetProperty("line").GetInt32()));
    }

    [Fact]
    public void The_same_request_is_one_batch_and_a_new_key_makes_another()
    {
        var ids = client.Answers.GetProperty("twins").GetProperty("ids").EnumerateArray().Select(id => id.GetString()).ToArray();
        Assert.Equal((ids[0], ids[2]), (ids[1], ids[3]));
        Assert.NotEqual(ids[0], ids[2]);
    }

    [Fact]
    public void A_batch_is_cancelled_or_the_client_told_for_good_that_it_has_ended()
    {
        var answer = client.Answers.GetProperty("cancelled");
        if (answer.TryGetProperty("name", out var error))
            Assert.Equal(("ConflictError", 409), (error.GetString(), answer.GetProperty("status").GetInt32()));
        else
            Assert.Contains(Text(answer, "status"), (string[])["cancelling", "cancelled"]);
    }

    [Fact]
    public void Lists_are_walked_page_by_page()
    {
        var lists = client.Answers.GetProperty("lists");
        var created = lists.GetProperty("created");
        Assert.Equal(Ids(created, "batches").Reverse().Take(3), Ids(lists, "batches"));
        Assert.Equal(Ids(created, "files"), Ids(lists, "files"));
    }

    [Fact]
    public void Content_comes_back_as_it_was_sent_and_a_deleted_file_is_gone()
    {
        Assert.True(client.Answers.GetProperty("input").GetBoolean());
        Assert.Equal("good.jsonl", Text(client.Answers, "retrieved", "filename"));
        Assert.True(client.Answers.GetProperty("deleted").GetProperty("deleted").GetBoolean());
        AssertRefused(client.Answers.GetProperty("afterwards"), "NotFoundError", 404, "not_found", "id");
    }

    [Theory]
    [InlineData("noFile", "NotFoundError", 404, "not_found", "id")]
    [InlineData("noBatch", "NotFoundError", 404, "not_found", "id")]
    [InlineData("purpose", "BadRequestError", 400, "invalid_value", "purpose")]
    [InlineData("endpoint", "BadRequestError", 400, "invalid_value", "endpoint")]
    [InlineData("model", "BadRequestError", 400, "model_not_found", "endpoint")]
    [InlineData("input", "BadRequestError", 400, "invalid_input_file_id", "input_file_id")]
    public void Refusals_are_the_clients_own_error_classes(string call, string name, int status, string code, string param) =>
        AssertRefused(client.Answers.GetProperty("refusals").GetProperty(call), name, status, code, param);

    private static void AssertRefused(JsonElement error, string name, int status, string code, string param)
    {
        Assert.Equal((name, status), (Text(error, "name"), error.GetProperty("status").GetInt32()));
        Assert.Equal((code, param, "invalid_request_error"), (Text(error, "code"), Text(error, "param"), Text(error, "type")));
        Assert.StartsWith("req_", Text(error, "requestId"), StringComparison.Ordinal);
    }

    private static IEnumerable<string?> Ids(JsonElement element, string name) =>
        element.GetProperty(name).EnumerateArray().Select(id => id.GetString());

    private static string? Text(JsonElement element, params string[] path) =>
        path.Aggregate(element, (inner, name) => inner.GetProperty(name)).GetString();
}
