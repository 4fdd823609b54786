using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mesh.Demo.Batches;

/// <summary>A Batch object, as far as a client here needs it.</summary>
public sealed record BatchStatusReport(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("output_file_id")] string? OutputFileId,
    [property: JsonPropertyName("error_file_id")] string? ErrorFileId,
    [property: JsonPropertyName("request_counts")] BatchCounts Counts)
{
    public bool IsOver => Status is "completed" or "failed" or "expired" or "cancelled";
}

public sealed record BatchCounts(
    [property: JsonPropertyName("total")] int Total,
    [property: JsonPropertyName("completed")] int Completed,
    [property: JsonPropertyName("failed")] int Failed);

/// <summary>OpenAI's Files and Batches API of one seed. Every call throws <see cref="HttpRequestException"/> when it is not answered with 200.</summary>
public sealed class BatchClient(HttpClient http, Uri seed)
{
    /// <returns>The file's id.</returns>
    public async Task<string> UploadAsync(ReadOnlyMemory<byte> lines)
    {
        using var form = new MultipartFormDataContent();
        using var purpose = new StringContent("batch");
        using var file = new ReadOnlyMemoryContent(lines);
        form.Add(purpose, "purpose");
        form.Add(file, "file", "pictures.jsonl");
        using var response = await http.PostAsync(new Uri(seed, "/v1/files"), form);
        return (await ReadAsync<JsonElement>(response)).GetProperty("id").GetString()!;
    }

    public async Task<BatchStatusReport> CreateAsync(string file, string endpoint, string idempotencyKey)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(seed, "/v1/batches"));
        request.Headers.Add("Idempotency-Key", idempotencyKey);
        request.Content = JsonContent.Create(new { input_file_id = file, endpoint, completion_window = "24h" });
        using var response = await http.SendAsync(request);
        return await ReadAsync<BatchStatusReport>(response);
    }

    public async Task<BatchStatusReport> GetAsync(string batch)
    {
        using var response = await http.GetAsync(new Uri(seed, $"/v1/batches/{batch}"));
        return await ReadAsync<BatchStatusReport>(response);
    }

    public Task<byte[]> ContentAsync(string file) => http.GetByteArrayAsync(new Uri(seed, $"/v1/files/{file}/content"));

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response)
    {
        if (!response.IsSuccessStatusCode)
            throw new HttpRequestException(await response.Content.ReadAsStringAsync(), null, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<T>())!;
    }
}
