using System.Net;
using System.Net.Sockets;
using System.Text;
using Mesh.Messages.Control;
using Mesh.Seed.Batches;
using Mesh.Testing.Batches;

namespace Mesh.State.Tests.Batches.Api;

public sealed class UploadTests : IAsyncLifetime
{
    private const string FilePart = "--\nContent-Disposition: form-data; name=\"file\"; filename=\"in.jsonl\"\nContent-Type: application/octet-stream\n\nhello\n";
    private const string PurposePart = "--\nContent-Disposition: form-data; name=\"purpose\"\n\nbatch\n";

    private readonly BatchApiHost _host = new() { Limits = new BatchLimits { MaxFileBytes = 128 << 20, MaxUploads = 2 } };

    public Task InitializeAsync() => _host.InitializeAsync();

    public Task DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData(FilePart + PurposePart + "----")]
    [InlineData(PurposePart + FilePart + "----")]
    [InlineData("a preamble\n" + FilePart + PurposePart + "----\nan epilogue")]
    public async Task Fields_may_come_in_any_order(string form)
    {
        var file = await ApiClient.OkAsync(await _host.Http.SendAsync(ApiClient.Form(form)));
        Assert.Equal(
            ["id", "object", "bytes", "created_at", "expires_at", "filename", "purpose", "status", "status_details"],
            file.EnumerateObject().Select(field => field.Name));
        Assert.Matches("^file-[0-9a-f]{24}$", file.Text("id"));
        Assert.Equal(("file", 5, "in.jsonl", "batch", "processed"),
            (file.Text("object"), file.GetProperty("bytes").GetInt64(), file.Text("filename"), file.Text("purpose"), file.Text("status")));
        Assert.Equal(30 * 24 * 3600, file.GetProperty("expires_at").GetInt64() - file.GetProperty("created_at").GetInt64());
        Assert.Equal("hello", await _host.Http.GetStringAsync($"/v1/files/{file.Text("id")}/content"));
    }

    [Theory]
    [InlineData("multipart/form-data; boundary=\"a-boundary\"")]
    [InlineData("Multipart/Form-Data; charset=utf-8; boundary=a-boundary")]
    public async Task A_boundary_may_be_quoted_or_bare(string contentType) =>
        await ApiClient.OkAsync(await _host.Http.SendAsync(ApiClient.Form(FilePart + PurposePart + "----", contentType)));

    [Fact]
    public async Task A_life_of_its_own_is_taken_from_bracketed_fields()
    {
        var file = await ApiClient.OkAsync(await _host.Http.SendAsync(ApiClient.Form(
            FilePart + Field("expires_after[seconds]", "3600") + PurposePart + Field("expires_after[anchor]", "created_at") + "----")));
        Assert.Equal(3600, file.GetProperty("expires_at").GetInt64() - file.GetProperty("created_at").GetInt64());
    }

    [Theory]
    [InlineData("C:\\\\dir\\\\in.jsonl", "in.jsonl")]
    [InlineData("../../etc/in.jsonl", "in.jsonl")]
    [InlineData("dir/", "unknown_file")]
    public async Task A_filename_is_never_a_path(string sent, string kept)
    {
        var file = await ApiClient.OkAsync(await _host.Http.SendAsync(ApiClient.Form(FilePart.Replace("in.jsonl", sent, StringComparison.Ordinal) + PurposePart + "----")));
        Assert.Equal(kept, file.Text("filename"));
    }

    public static TheoryData<string, string, string?> Refused => new()
    {
        { FilePart + "----", "'purpose' is missing", "purpose" },
        { PurposePart + "----", "'file' is missing", "file" },
        { FilePart + Field("purpose", "fine-tune") + "----", "'purpose' must be batch, got 'fine-tune'", "purpose" },
        { FilePart + FilePart + PurposePart + "----", "'file' is given twice", "file" },
        { FilePart + PurposePart + PurposePart + "----", "'purpose' is given twice", "purpose" },
        { PurposePart + Field("file", "no file") + "----", "'file' must be a file part, with a filename", "file" },
        { FilePart + PurposePart + Field("other", "1") + "----", "'other' is not a parameter of this call", "other" },
        { FilePart + PurposePart + Field("purpose", new string('x', 100_000)) + "----", "'purpose' is longer than 1024 bytes", "purpose" },
        { FilePart.Replace("in.jsonl", new string('x', 256)) + PurposePart + "----", "the filename is longer than 255 characters", "file" },
        { FilePart + PurposePart + "--\nContent-Type: text/plain\n\nx\n----", "part 3 of the form has no Content-Disposition", null },
        { PurposePart + string.Concat(Enumerable.Range(0, 20).Select(_ => FilePart)), "'file' is given twice", "file" },
        { FilePart + Field("expires_after[anchor]", "created_at") + PurposePart + "----", "'expires_after[seconds]' must be a whole number from 3600 to 2592000", "expires_after[seconds]" },
        { FilePart + Field("expires_after[seconds]", "3600") + PurposePart + "----", "'expires_after[anchor]' is missing", "expires_after[anchor]" },
        { FilePart + Field("expires_after[anchor]", "now") + Field("expires_after[seconds]", "3600") + PurposePart + "----", "must be created_at, got 'now'", "expires_after[anchor]" },
        { FilePart + Field("expires_after[anchor]", "created_at") + Field("expires_after[seconds]", "3599") + PurposePart + "----", "must be a whole number from 3600", "expires_after[seconds]" },
        { FilePart + Field("expires_after[anchor]", "created_at") + Field("expires_after[seconds]", "1e4") + PurposePart + "----", "must be a whole number from 3600", "expires_after[seconds]" },
        { FilePart + PurposePart, "the body is not a whole multipart form", null },
        { FilePart, "the body is not a whole multipart form", null },
        { FilePart[..^4], "the body is not a whole multipart form", null },
        { "", "the body is not a whole multipart form", null },
        { "--\nContent-Disposition: form-data; name=\"x\"\nX: " + new string('x', 50_000) + "\n\nx\n----", "the body is not a whole multipart form", null },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task A_form_that_is_not_good_is_refused_and_nothing_of_it_kept(string form, string message, string? param)
    {
        await ApiClient.RefusedAsync(await _host.Http.SendAsync(ApiClient.Form(form)), 400, message, param);
        Assert.Empty(_host.StoredFiles);
        Assert.Empty(_host.Directories.Files);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("multipart/form-data")]
    [InlineData("multipart/form-data; boundary=")]
    [InlineData("nonsense")]
    public async Task A_body_that_is_no_form_is_refused(string contentType) =>
        await ApiClient.RefusedAsync(await _host.Http.SendAsync(ApiClient.Form(FilePart + PurposePart + "----", contentType)), 400, "Content-Type");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_beyond_the_limit_is_refused_and_nothing_of_it_kept(bool chunked)
    {
        const long size = (128L << 20) + 1;
        using var form = new MultipartFormDataContent { { new StringContent("batch"), "purpose" }, { new StreamContent(new GeneratedStream(size)), "file", "large.jsonl" } };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/files") { Content = form };
        request.Headers.TransferEncodingChunked = chunked;
        await ApiClient.RefusedAsync(await _host.Http.SendAsync(request), 413, $"the file is larger than the {128 << 20} bytes", "file", "file_too_large");
        Assert.Empty(_host.StoredFiles);
    }

    [Fact]
    public async Task A_promise_of_too_much_is_refused_before_it_is_read()
    {
        using var connection = new RawConnection(_host.Http.BaseAddress!);
        await connection.SendAsync($"POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: {1L << 40}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 413", await connection.ReadLineAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_for_which_there_is_no_place_on_record_is_refused_before_it_is_read()
    {
        _host.Directories.Refusal = new BatchRefusedException(BatchRefusal.Overloaded, "2 files are on record, as many as may: delete some");
        Assert.StartsWith("HTTP/1.1 429", await PromiseAsync(_host), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_the_store_has_no_bytes_for_is_refused_before_it_is_read()
    {
        var full = new BatchApiHost { Limits = new BatchLimits { KeepFreeBytes = long.MaxValue } };
        await full.InitializeAsync();
        Assert.StartsWith("HTTP/1.1 507", await PromiseAsync(full), StringComparison.Ordinal);
        await full.DisposeAsync();
    }

    /// <summary>The answer's first line to an upload whose body is not sent before it is asked for.</summary>
    private static async Task<string> PromiseAsync(BatchApiHost host)
    {
        using var connection = new RawConnection(host.Http.BaseAddress!);
        await connection.SendAsync(
            "POST /v1/files HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n\r\n");
        return await connection.ReadLineAsync();
    }

    [Fact]
    public async Task Uploads_beyond_the_bound_are_told_to_come_again_and_a_client_that_goes_away_makes_room()
    {
        using var first = new RawConnection(_host.Http.BaseAddress!);
        using var second = new RawConnection(_host.Http.BaseAddress!);
        foreach (var connection in new[] { first, second })
        {
            await connection.SendAsync(
                "POST /v1/files HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n");
            // Its body is being read: it has a place.
            Assert.StartsWith("HTTP/1.1 100", await connection.ReadLineAsync(), StringComparison.Ordinal);
        }

        var refused = await _host.Http.SendAsync(ApiClient.Form(FilePart + PurposePart + "----"));
        var error = await ApiClient.RefusedAsync(refused, 429, "2 uploads are under way", null, "too_many_uploads");
        Assert.Equal("rate_limit_error", error.Text("type"));
        Assert.Equal("1000", Assert.Single(refused.Headers.GetValues("retry-after-ms")));
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter?.Delta);

        first.Dispose();
        await Eventually.HoldsAsync(async () =>
            (await _host.Http.SendAsync(ApiClient.Form(FilePart + PurposePart + "----"))).StatusCode == HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_upload_whose_client_goes_away_leaves_nothing()
    {
        using (var connection = new RawConnection(_host.Http.BaseAddress!))
        {
            await connection.SendAsync(
                "POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n"
                + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\nsome content");
            await Eventually.HoldsAsync(() => Task.FromResult(_host.StoredFiles.Count == 1));
        }

        await Eventually.HoldsAsync(() => Task.FromResult(_host.StoredFiles.Count == 0));
        Assert.Empty(_host.Directories.Files);
    }

    [Fact]
    public async Task When_no_job_router_answers_the_client_is_told_to_come_again()
    {
        _host.Directories.Refusal = new BatchRefusedException(BatchRefusal.Unavailable, "no job router answers now");
        var response = await _host.Http.SendAsync(ApiClient.Form(FilePart + PurposePart + "----"));
        await ApiClient.RefusedAsync(response, 503, "no job router answers now");
        Assert.Equal("1000", Assert.Single(response.Headers.GetValues("retry-after-ms")));
    }

    private static string Field(string name, string value) => $"--\nContent-Disposition: form-data; name=\"{name}\"\n\n{value}\n";

    private sealed class RawConnection : IDisposable
    {
        private readonly TcpClient _client;
        private readonly StreamReader _reader;

        public RawConnection(Uri address)
        {
            _client = new TcpClient(address.Host, address.Port);
            _reader = new StreamReader(_client.GetStream(), Encoding.ASCII);
        }

        public Task SendAsync(string text) => _client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text)).AsTask();

        public async Task<string> ReadLineAsync() => await _reader.ReadLineAsync() ?? "";

        public void Dispose()
        {
            _reader.Dispose();
            _client.Dispose();
        }
    }
}
