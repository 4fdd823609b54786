using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mesh.Seed.Batches;
using Mesh.Seed.Batches.Lines;
using Mesh.Seed.Batches.Storage;
using Mesh.State.Tests.Batches.Api;
using Mesh.Testing.Batches;

namespace Mesh.State.Tests.Batches;

/// <summary>Measures what the whole process allocates, so nothing else may run beside it.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}

[Collection(Alone.Name)]
public sealed class LargeFileTests
{
    /// <summary>In chunks with no Content-Length, as OpenAI's client sends a stream.</summary>
    [Fact]
    public async Task A_large_file_streams_through_in_both_directions_in_bounded_memory()
    {
        const long size = 120L << 20;
        var host = new BatchApiHost();
        await host.InitializeAsync();
        await using var end = new AsyncEnd(host.DisposeAsync);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        using var form = new MultipartFormDataContent { { new StreamContent(new GeneratedStream(size)), "file", "large.jsonl" }, { new StringContent("batch"), "purpose" } };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/files") { Content = form };
        request.Headers.TransferEncodingChunked = true;
        var file = await ApiClient.OkAsync(await host.Http.SendAsync(request));
        Assert.Equal(size, file.GetProperty("bytes").GetInt64());

        using var response = await host.Http.GetAsync($"/v1/files/{file.Text("id")}/content", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(size, response.Content.Headers.ContentLength);
        await using var content = await response.Content.ReadAsStreamAsync();
        Assert.Equal(await SHA256.HashDataAsync(new GeneratedStream(size)), await SHA256.HashDataAsync(content));
        // Client and server are one process: all that both ever allocated is less than one copy of the file.
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, size);
    }

    /// <summary>Its lines are made as they are read: 128 MB, and one repeated id far from the first.</summary>
    [Fact]
    public async Task A_large_file_is_scanned_in_bounded_memory_and_any_line_found_again()
    {
        const int lines = 100_000;
        const int twin = 99_000;
        var file = new GeneratedFile(lines, line => line == twin ? 123 : line);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var scan = await InputFileScan.ScanAsync(file, GeneratedFile.Endpoint, new BatchLimits(), null, default);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 32 << 20);
        Assert.Equal(lines, scan.Lines);
        var fault = Assert.Single(scan.Faults);
        Assert.Equal($"custom_id 'line-123' of line {twin + 1} is also that of line 124", fault.Message);

        foreach (var line in new[] { 0, 1, 63, 64, 65, 54_321, lines - 1 })
        {
            var (first, offset) = scan.Index.Before(line);
            Assert.InRange(line - first, 0, 63);
            using var reader = new LineReader(new GeneratedFile(lines, i => i, first), 1 << 20, first, offset);
            while (await reader.ReadAsync(default) && reader.Index < line)
            {
            }

            Assert.Equal($"line-{line}", BatchLine.Read(reader, GeneratedFile.Endpoint, 1 << 20).CustomId);
            Assert.Equal(offset + ((line - first) * (long)GeneratedFile.LineBytes), reader.Offset);
        }
    }

    private sealed class AsyncEnd(Func<Task> end) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => new(end());
    }

    /// <summary>Lines of the same length, named by number.</summary>
    private sealed class GeneratedFile(int lines, Func<int, int> name, int first = 0) : ForwardStream
    {
        public const int LineBytes = 1340;
        public const string Endpoint = "/v2/models/m/infer";

        private static readonly string Blanks = new(' ', 1000);

        private int _next = first;
        private ReadOnlyMemory<byte> _line;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_line.IsEmpty && _next < lines)
                _line = Encoding.UTF8.GetBytes(Text(name(_next++)).PadRight(LineBytes - 1) + "\n");
            var count = Math.Min(buffer.Length, _line.Length);
            _line[..count].CopyTo(buffer);
            _line = _line[count..];
            return new(count);
        }

        private static string Text(int number) => string.Create(
            CultureInfo.InvariantCulture,
            $$$"""{"custom_id": "line-{{{number}}}", "method": "POST", "url": "{{{Endpoint}}}", "body": {"inputs": [{{{Blanks}}}]}}""");
    }
}
