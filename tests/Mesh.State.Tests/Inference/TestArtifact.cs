using System.Collections.Concurrent;
using System.Security.Cryptography;
using Mesh.Messages;
using Mesh.Node.Inference;
using Mesh.Testing;

namespace Mesh.State.Tests.Inference;

/// <summary>An artifact in memory, and a source of it that can be told to break, to lie and to wait.</summary>
internal sealed class TestArtifact(string name, byte[] content) : IArtifactSource
{
    public ModelReference Model { get; init; } = new(name, "1", ArtifactHash.FromBytes(SHA256.HashData(content)), content.Length);

    public byte[] Content { get; } = content;

    /// <summary>Offsets asked for, one for each opening.</summary>
    public ConcurrentQueue<long> Openings { get; } = new();

    /// <summary>What each opening yields before it breaks; openings beyond the list yield everything.</summary>
    public Queue<int> BreakAfter { get; } = new();

    /// <summary>Awaited before an opening answers.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public TaskCompletionSource Opened { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static TestArtifact OfCheckout(string model) => new(model, File.ReadAllBytes(Checkout.Artifact(model)));

    /// <summary>The same, whose requests may share a run.</summary>
    public TestArtifact Batched(int maxBatchSize, TimeSpan maxQueueDelay = default) =>
        new(Model.Name, Content) { Model = Model with { Batching = new BatchLimits(maxBatchSize, maxQueueDelay) } };

    public async Task<Stream> OpenAsync(ModelReference model, long offset, CancellationToken cancellation)
    {
        Openings.Enqueue(offset);
        Opened.TrySetResult();
        await Gate.WaitAsync(cancellation);
        var rest = Content.AsMemory((int)Math.Min(offset, Content.Length));
        return BreakAfter.TryDequeue(out var bytes)
            ? new BreakingStream(rest[..Math.Min(bytes, rest.Length)].ToArray())
            : new MemoryStream(rest.ToArray());
    }

    private sealed class BreakingStream(byte[] content) : MemoryStream(content)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await base.ReadAsync(buffer, cancellationToken);
            return read > 0 ? read : throw new IOException("The connection was reset.");
        }
    }
}

/// <summary>A folder that goes when the test ends.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("mesh-engine-").FullName;

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A download that was broken off may still be closing its file: the system's clean-up takes the rest.
        }
    }
}
