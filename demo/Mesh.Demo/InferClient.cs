using System.Diagnostics;
using System.Net;
using System.Text.Json;

namespace Mesh.Demo;

/// <summary>What became of one request.</summary>
/// <param name="Number">Counted from 0.</param>
/// <param name="Picture">Index into the pictures.</param>
/// <param name="Probabilities">Null when it was not answered; then <paramref name="Failure"/> says why.</param>
/// <param name="Vehicle">Who answered.</param>
/// <param name="Attempts">Vehicles that were tried.</param>
internal sealed record PictureAnswer(
    int Number, int Picture, float[]? Probabilities, string? Vehicle, long Attempts, TimeSpan Latency, string? Failure)
{
    /// <summary>What the seed said; null when it said nothing.</summary>
    public HttpStatusCode? Status { get; init; }
}

/// <summary>Classifies pictures through a seed's REST endpoint: one picture is one request, and nothing is tried twice here.</summary>
/// <param name="deadline">Of each request; null = the seed's own.</param>
internal sealed class InferClient(HttpClient http, Uri seed, FashionPictures pictures, TimeSpan? deadline = null)
{
    /// <summary>Where the pictures are posted.</summary>
    public Uri Address { get; } = new(seed, $"/v2/models/{DirectRun.Model}/infer");

    /// <summary>An OIP v2 request body with one picture.</summary>
    public static byte[] RequestBody(string id, ReadOnlySpan<float> image, TimeSpan? deadline = null)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            if (deadline is { } time)
            {
                json.WriteStartObject("parameters");
                json.WriteNumber("timeout", (long)time.TotalMicroseconds);
                json.WriteEndObject();
            }

            json.WriteStartArray("inputs");
            json.WriteStartObject();
            json.WriteString("name", DirectRun.InputName);
            json.WriteString("datatype", "FP32");
            json.WriteStartArray("shape");
            foreach (var size in (ReadOnlySpan<int>)[1, 1, FashionPictures.Height, FashionPictures.Width])
                json.WriteNumberValue(size);
            json.WriteEndArray();
            json.WriteStartArray("data");
            foreach (var pixel in image)
                json.WriteNumberValue(pixel);
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return body.ToArray();
    }

    /// <summary>Sends request <paramref name="number"/> and reads the answer. Only a cancellation throws.</summary>
    public async Task<PictureAnswer> ClassifyAsync(int number, CancellationToken cancellation)
    {
        var picture = number % pictures.Count;
        using var content = new ByteArrayContent(RequestBody($"picture-{number}", pictures.Image(picture).Span, deadline));
        content.Headers.ContentType = new("application/json");
        var started = Stopwatch.GetTimestamp();
        try
        {
            using var response = await http.PostAsync(Address, content, cancellation);
            var body = await response.Content.ReadAsByteArrayAsync(cancellation);
            var latency = Stopwatch.GetElapsedTime(started);
            return response.StatusCode == HttpStatusCode.OK
                ? Read(number, picture, body, latency) with { Status = response.StatusCode }
                : Failed($"HTTP {(int)response.StatusCode}: {Excerpt(body)}") with { Status = response.StatusCode };
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException or IOException)
        {
            cancellation.ThrowIfCancellationRequested();
            return Failed(exception.Message);
        }

        PictureAnswer Failed(string why) => new(number, picture, null, null, 0, Stopwatch.GetElapsedTime(started), why);
    }

    private static PictureAnswer Read(int number, int picture, byte[] body, TimeSpan latency)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var parameters = json.RootElement.GetProperty("parameters");
            var output = json.RootElement.GetProperty("outputs").EnumerateArray()
                .Single(output => output.GetProperty("name").ValueEquals(DirectRun.OutputName));
            return new PictureAnswer(
                number,
                picture,
                [.. Flatten(output.GetProperty("data"))],
                parameters.GetProperty("mesh_vehicle").GetString(),
                parameters.GetProperty("mesh_attempts").GetInt64(),
                latency,
                null);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return new PictureAnswer(
                number, picture, null, null, 0, latency, $"HTTP 200 with an unexpected body ({exception.Message}): {Excerpt(body)}");
        }
    }

    /// <summary>OIP allows nested and flat arrays alike.</summary>
    private static IEnumerable<float> Flatten(JsonElement data) => data.ValueKind == JsonValueKind.Array
        ? data.EnumerateArray().SelectMany(Flatten)
        : [data.GetSingle()];

    private static string Excerpt(byte[] body) => System.Text.Encoding.UTF8.GetString(body, 0, Math.Min(body.Length, 300));
}
