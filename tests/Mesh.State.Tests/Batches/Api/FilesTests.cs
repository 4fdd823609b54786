using System.Net;
using System.Net.Http.Headers;
using Mesh.Messages.Control;
using Mesh.Testing.Batches;

namespace Mesh.State.Tests.Batches.Api;

public sealed class FilesTests : IAsyncLifetime
{
    private readonly BatchApiHost _host = new();

    public Task InitializeAsync() => _host.InitializeAsync();

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Files_are_listed_in_pages_in_either_order()
    {
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
            ids.Add((await _host.UploadAsync($"{i}")).Text("id"));

        await AssertListAsync("?limit=2&unknown=1", [ids[4], ids[3]], more: true);
        await AssertListAsync($"?limit=2&after={ids[3]}", [ids[2], ids[1]], more: true);
        await AssertListAsync($"?after={ids[1]}", [ids[0]], more: false);
        await AssertListAsync("?order=asc&limit=5&purpose=batch", ids, more: false);
        await AssertListAsync("?purpose=batch_output", [], more: false);
    }

    [Theory]
    [InlineData("limit=0", "'limit' must be a whole number from 1 to 10000, got '0'", "limit")]
    [InlineData("limit=10001", "'limit' must be", "limit")]
    [InlineData("limit=many", "'limit' must be", "limit")]
    [InlineData("order=up", "'order' must be asc or desc, got 'up'", "order")]
    [InlineData("after=file-nobody", "'after' is 'file-nobody'", "after")]
    public async Task A_query_that_makes_no_sense_is_refused(string query, string message, string param) =>
        await ApiClient.RefusedAsync(await _host.Http.GetAsync($"/v1/files?{query}"), 400, message, param);

    [Fact]
    public async Task A_file_is_found_and_deleted_once()
    {
        var file = await _host.UploadAsync("content");
        var path = $"/v1/files/{file.Text("id")}";
        Assert.Equal(file.GetRawText(), (await ApiClient.OkAsync(await _host.Http.GetAsync(path))).GetRawText());
        Assert.Equal(
            $$"""{"id":"{{file.Text("id")}}","object":"file","deleted":true}""",
            (await ApiClient.OkAsync(await _host.Http.DeleteAsync(path))).GetRawText());
        await ApiClient.RefusedAsync(await _host.Http.DeleteAsync(path), 404, $"there is no file '{file.Text("id")}'", "id", "not_found");
        await ApiClient.RefusedAsync(await _host.Http.GetAsync(path), 404, "there is no file", "id", "not_found");
        await ApiClient.RefusedAsync(await _host.Http.GetAsync(path + "/content"), 404, "there is no file", "id", "not_found");
        await ApiClient.RefusedAsync(await _host.Http.GetAsync("/v1/files/a%2Fb%20c"), 404, "there is no file 'a/b c'", "id", "not_found");
    }

    [Theory]
    [InlineData(null, 200, "Hello, world")]
    [InlineData("bytes=0-3", 206, "Hell")]
    [InlineData("bytes=4-8", 206, "o, wo")]
    [InlineData("bytes=7-", 206, "world")]
    [InlineData("bytes=-3", 206, "rld")]
    [InlineData("bytes=-300", 206, "Hello, world")]
    [InlineData("bytes=3-300", 206, "lo, world")]
    [InlineData("bytes=1-2,4-5", 200, "Hello, world")]
    [InlineData("lines=1-2", 200, "Hello, world")]
    public async Task Content_is_that_of_all_parts_or_of_the_range_asked_for(string? range, int status, string expected)
    {
        var id = await AddFileAsync("Hello", ", ", "", "wor", "ld");
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/files/{id}/content");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/binary"));
        if (range is not null)
            request.Headers.TryAddWithoutValidation("Range", range);
        using var response = await _host.Http.SendAsync(request);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(expected.Length, response.Content.Headers.ContentLength);
        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(expected, await response.Content.ReadAsStringAsync());
        Assert.NotEmpty(response.Headers.GetValues("x-request-id"));
        if (status == 206)
            Assert.Equal((12L, expected.Length - 1L), (response.Content.Headers.ContentRange!.Length, response.Content.Headers.ContentRange.To - response.Content.Headers.ContentRange.From));
    }

    [Fact]
    public async Task A_range_beyond_the_end_is_refused_with_the_size()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/files/{await AddFileAsync("Hello")}/content");
        request.Headers.Range = new RangeHeaderValue(5, null);
        using var response = await _host.Http.SendAsync(request);
        await ApiClient.RefusedAsync(response, 416, "the file has 5 bytes");
        Assert.Equal(5, response.Content.Headers.ContentRange!.Length);
    }

    [Fact]
    public async Task An_empty_file_has_empty_content()
    {
        var file = await _host.UploadAsync("");
        Assert.Equal("", await _host.Http.GetStringAsync($"/v1/files/{file.Text("id")}/content"));
    }

    [Fact]
    public async Task Content_that_is_lost_is_an_error_and_not_a_short_file()
    {
        var id = await AddFileAsync("Hello", "world");
        await _host.Store.DeleteAsync(_host.Directories.Files.Single(file => file.Id == id).Parts[0], default);
        await ApiClient.RefusedAsync(await _host.Http.GetAsync($"/v1/files/{id}/content"), 500, "its log says why at req_");

        var large = new string('x', 1 << 20);
        var cut = await AddFileAsync(large, "lost");
        await _host.Store.DeleteAsync(_host.Directories.Files.Single(file => file.Id == cut).Parts[1], default);
        using var response = await _host.Http.GetAsync($"/v1/files/{cut}/content", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("PUT", "/v1/files", 405, "/v1/files takes GET, POST, not PUT", "GET, POST")]
    [InlineData("POST", "/v1/files/x", 405, "/v1/files/x takes GET, DELETE, not POST", "GET, DELETE")]
    [InlineData("DELETE", "/v1/batches/x", 405, "/v1/batches/x takes GET, not DELETE", "GET")]
    [InlineData("GET", "/v1/batches/x/cancel", 405, "takes POST, not GET", "POST")]
    [InlineData("GET", "/v1/models", 404, "there is nothing at GET /v1/models", null)]
    [InlineData("POST", "/v1/chat/completions", 404, "there is nothing at POST /v1/chat/completions", null)]
    [InlineData("GET", "/v1", 404, "there is nothing at GET /v1", null)]
    public async Task What_is_not_there_is_OpenAIs_error_too(string verb, string path, int status, string message, string? allow)
    {
        using var response = await _host.Http.SendAsync(new HttpRequestMessage(new HttpMethod(verb), path));
        await ApiClient.RefusedAsync(response, status, message);
        Assert.Equal(allow, response.Content.Headers.Allow.Count == 0 ? null : string.Join(", ", response.Content.Headers.Allow));
    }

    private async Task AssertListAsync(string query, IEnumerable<string> expected, bool more)
    {
        var list = await ApiClient.OkAsync(await _host.Http.GetAsync("/v1/files" + query));
        Assert.Equal(["object", "data", "first_id", "last_id", "has_more"], list.EnumerateObject().Select(field => field.Name));
        Assert.Equal(expected, list.GetProperty("data").EnumerateArray().Select(file => file.Text("id")));
        Assert.Equal((expected.FirstOrDefault(), expected.LastOrDefault()), (list.Text("first_id"), list.Text("last_id")));
        Assert.Equal(more, list.GetProperty("has_more").GetBoolean());
    }

    private async Task<string> AddFileAsync(params string[] parts)
    {
        var blobs = new List<BlobReference>();
        foreach (var part in parts)
            blobs.Add(await _host.Store.WriteAsync(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(part)), long.MaxValue, default));
        var file = new FileEntry($"file-{Guid.NewGuid():N}", "out.jsonl", "batch_output", DateTimeOffset.UtcNow, null, blobs);
        return (await _host.Directories.AddFileAsync(file, default)).Id;
    }
}
