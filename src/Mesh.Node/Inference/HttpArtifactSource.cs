using System.Net;
using System.Net.Http.Headers;
using Mesh.Messages;
using Mesh.Messages.Work;

namespace Mesh.Node.Inference;

/// <summary>Artifacts of one seed, from its work port. The client's base address is that port; the caller owns the client.</summary>
public sealed class HttpArtifactSource(HttpClient client) : IArtifactSource
{
    public async Task<Stream> OpenAsync(ModelReference model, long offset, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, WorkProtocol.ArtifactPath(model.Hash))
        {
            // The work port speaks HTTP/2 only, without TLS as well: nothing is negotiated.
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (offset > 0)
            request.Headers.Range = new RangeHeaderValue(offset, null);
        try
        {
            return await SendAsync(request, model, offset, cancellation);
        }
        catch (HttpRequestException unreachable)
        {
            throw new IOException($"{model} cannot be fetched from {client.BaseAddress}: {unreachable.Message}", unreachable);
        }
    }

    private async Task<Stream> SendAsync(HttpRequestMessage request, ModelReference model, long offset, CancellationToken cancellation)
    {
        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        try
        {
            var expected = offset > 0 ? HttpStatusCode.PartialContent : HttpStatusCode.OK;
            if (response.StatusCode != expected && response.StatusCode != HttpStatusCode.OK)
                throw new IOException($"{client.BaseAddress} answered {(int)response.StatusCode} for {model} from byte {offset}.");
            if (response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From != offset)
                throw new IOException($"{client.BaseAddress} answered another range than the one asked for {model}.");
            var stream = await response.Content.ReadAsStreamAsync(cancellation);

            // A server may ignore the range and send all of it.
            if (offset > 0 && response.StatusCode == HttpStatusCode.OK)
                await SkipAsync(stream, offset, cancellation);
            return stream;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private static async Task SkipAsync(Stream stream, long bytes, CancellationToken cancellation)
    {
        var buffer = new byte[64 * 1024];
        for (var left = bytes; left > 0;)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), cancellation);
            if (read == 0)
                throw new EndOfStreamException("The source ended before the byte to go on from.");
            left -= read;
        }
    }
}
