using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Mesh.Process.Tests.Meshes;

/// <summary>Sends requests to a seed's REST port and reads the answers whole.</summary>
internal sealed class RestClient(HttpClient http, Uri seed)
{
    public const string HeaderLength = "Inference-Header-Content-Length";

    public Task<RestAnswer> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    public Task<RestAnswer> PostAsync(string path, string json, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Post, path, Content(Encoding.UTF8.GetBytes(json), "application/json"), cancellation: cancellation);

    /// <summary>Posts JSON with binary blocks behind it, as Triton's extension has it.</summary>
    public Task<RestAnswer> PostBinaryAsync(string path, string json, params byte[][] blocks)
    {
        var header = Encoding.UTF8.GetBytes(json);
        var content = Content([.. header, .. blocks.SelectMany(block => block)], "application/octet-stream");
        content.Headers.Add(HeaderLength, header.Length.ToString(CultureInfo.InvariantCulture));
        return SendAsync(HttpMethod.Post, path, content);
    }

    public async Task<RestAnswer> SendAsync(
        HttpMethod verb, string path, HttpContent? content, string? acceptEncoding = null, CancellationToken cancellation = default)
    {
        using var request = new HttpRequestMessage(verb, new Uri(seed, path)) { Content = content };
        if (acceptEncoding is not null)
            request.Headers.TryAddWithoutValidation("Accept-Encoding", acceptEncoding);
        // A server that refuses a large body by its length does so before the body is sent, and no broken pipe hides the answer.
        request.Headers.ExpectContinue = content?.Headers.ContentLength > 1 << 20;
        using var response = await http.SendAsync(request, cancellation);
        return new RestAnswer(
            response.StatusCode,
            response.Headers.Concat(response.Content.Headers).ToDictionary(
                header => header.Key, header => string.Join(',', header.Value), StringComparer.OrdinalIgnoreCase),
            await response.Content.ReadAsByteArrayAsync(cancellation));
    }

    public static ByteArrayContent Content(byte[] body, string mediaType)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        return content;
    }
}

/// <summary>What the seed answered.</summary>
internal sealed record RestAnswer(HttpStatusCode Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    /// <summary>The body, or its JSON part when binary blocks follow.</summary>
    public JsonElement Json => JsonDocument.Parse(Body.AsMemory(0, JsonLength)).RootElement;

    /// <summary>What follows the JSON part.</summary>
    public ReadOnlyMemory<byte> Binary => Body.AsMemory(JsonLength);

    private int JsonLength => Headers.TryGetValue(RestClient.HeaderLength, out var length)
        ? int.Parse(length, CultureInfo.InvariantCulture)
        : Body.Length;

    /// <summary>This answer, once it is known to be a success.</summary>
    public RestAnswer Ok()
    {
        Assert.True(Status == HttpStatusCode.OK, $"HTTP {(int)Status}: {Encoding.UTF8.GetString(Body)}");
        return this;
    }

    /// <summary>The text of OIP's error object, which has no other field.</summary>
    public string Error(HttpStatusCode status)
    {
        Assert.True(Status == status, $"HTTP {(int)Status} instead of {(int)status}: {Encoding.UTF8.GetString(Body)}");
        Assert.Equal("application/json", Headers["Content-Type"]);
        var field = Assert.Single(Json.EnumerateObject());
        Assert.Equal("error", field.Name);
        return field.Value.GetString()!;
    }

    public JsonElement Output(string name) =>
        Json.GetProperty("outputs").EnumerateArray().Single(output => output.GetProperty("name").ValueEquals(name));

    public float[] Floats(string output) => [.. Output(output).GetProperty("data").EnumerateArray().Select(value => value.GetSingle())];
}
