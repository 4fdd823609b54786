using Mesh.Messages.Work;
using Mesh.Node.Inference;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Mesh.State.Tests.Inference;

/// <summary>Against a real server that speaks HTTP/2 only, as the seed's work port does.</summary>
public sealed class HttpArtifactSourceTests : IAsyncLifetime, IDisposable
{
    private readonly TestArtifact _artifact = new("served", [.. Enumerable.Range(0, 200_000).Select(i => (byte)(i * 31))]);
    private WebApplication _server = null!;
    private HttpClient _client = null!;
    private bool _ranges = true;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        _server = builder.Build();
        _server.MapGet(WorkProtocol.ArtifactPath(_artifact.Model.Hash), () => Results.Bytes(_artifact.Content, enableRangeProcessing: _ranges));
        await _server.StartAsync();
        _client = new HttpClient { BaseAddress = new Uri(_server.Urls.Single()) };
    }

    public Task DisposeAsync() => _server.DisposeAsync().AsTask();

    public void Dispose() => _client.Dispose();

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(199_999, true)]
    [InlineData(150_000, false)]
    public async Task It_reads_from_the_byte_asked_also_when_the_server_ignores_ranges(int offset, bool ranges)
    {
        _ranges = ranges;
        await using var stream = await new HttpArtifactSource(_client).OpenAsync(_artifact.Model, offset, CancellationToken.None);
        using var content = new MemoryStream();
        await stream.CopyToAsync(content);
        Assert.Equal(_artifact.Content[offset..], content.ToArray());
    }

    [Fact]
    public async Task An_artifact_that_is_not_there_and_a_server_that_is_not_there_are_told()
    {
        var source = new HttpArtifactSource(_client);
        var other = new TestArtifact("other", [1]).Model;
        var missing = await Assert.ThrowsAsync<IOException>(() => source.OpenAsync(other, 0, CancellationToken.None));
        Assert.Contains("answered 404 for other/1", missing.Message, StringComparison.Ordinal);

        await _server.StopAsync();
        var gone = await Assert.ThrowsAsync<IOException>(() => source.OpenAsync(_artifact.Model, 0, CancellationToken.None));
        Assert.Contains("cannot be fetched from http://127.0.0.1", gone.Message, StringComparison.Ordinal);
    }
}
