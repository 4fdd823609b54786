using System.Net;
using System.Text;
using System.Text.Json;
using Mesh.Testing.Batches;

namespace Mesh.State.Tests.Batches.Api;

/// <summary>Calls of the Files and Batches API as bytes on the wire, and what every answer of it has.</summary>
internal static class ApiClient
{
    public const string Boundary = "a-boundary";

    /// <summary>A form's parts as text, with an LF standing for CRLF; <c>--</c> for the boundary.</summary>
    public static HttpRequestMessage Form(string text, string contentType = $"multipart/form-data; boundary={Boundary}")
    {
        var body = text.ReplaceLineEndings("\r\n").Replace("\r\n--", "\r\n--" + Boundary, StringComparison.Ordinal);
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body.StartsWith("--", StringComparison.Ordinal) ? "--" + Boundary + body[2..] : body));
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        return new HttpRequestMessage(HttpMethod.Post, "/v1/files") { Content = content };
    }

    public static async Task<JsonElement> UploadAsync(this BatchApiHost host, string content, string filename = "input.jsonl")
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent("batch"), "purpose" },
            { new ByteArrayContent(Encoding.UTF8.GetBytes(content)), "file", filename },
        };
        return await OkAsync(await host.Http.PostAsync("/v1/files", form));
    }

    public static Task<HttpResponseMessage> PostJsonAsync(this BatchApiHost host, string json, string? key = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/batches") { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return host.Http.SendAsync(request);
    }

    public static async Task<JsonElement> OkAsync(HttpResponseMessage response)
    {
        var json = await JsonAsync(response);
        Assert.True(response.StatusCode == HttpStatusCode.OK, json.GetRawText());
        return json;
    }

    /// <summary>OpenAI's error object, with all of its fields.</summary>
    public static async Task<JsonElement> RefusedAsync(HttpResponseMessage response, int status, string message, string? param = null, string? code = null)
    {
        var json = await JsonAsync(response);
        Assert.True(status == (int)response.StatusCode, json.GetRawText());
        var error = Assert.Single(json.EnumerateObject());
        Assert.Equal("error", error.Name);
        Assert.Equal(["message", "type", "param", "code"], error.Value.EnumerateObject().Select(field => field.Name));
        Assert.Contains(message, error.Value.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(param, error.Value.GetProperty("param").GetString());
        if (code is not null)
            Assert.Equal(code, error.Value.GetProperty("code").GetString());
        return error.Value;
    }

    public static string Text(this JsonElement json, string name) => json.GetProperty(name).GetString()!;

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage response)
    {
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.Matches("^req_[0-9a-f]{32}$", Assert.Single(response.Headers.GetValues("x-request-id")));
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return json.RootElement.Clone();
    }
}
