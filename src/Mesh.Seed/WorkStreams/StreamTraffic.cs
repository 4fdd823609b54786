using Grpc.Core;
using Mesh.Messages.Work;

namespace Mesh.Seed.WorkStreams;

/// <summary>Bytes of frames on this seed's work streams since it started, those of ended streams included. Thread-safe.</summary>
public sealed class StreamTraffic
{
    private long _sent;
    private long _received;

    public long Sent => Volatile.Read(ref _sent);

    public long Received => Volatile.Read(ref _received);

    internal void Read(VehicleFrame frame) => Interlocked.Add(ref _received, frame.CalculateSize());

    /// <summary>The writer, whose frames are counted once they are written.</summary>
    internal IServerStreamWriter<SeedFrame> Counting(IServerStreamWriter<SeedFrame> writer) => new CountingWriter(this, writer);

    private sealed class CountingWriter(StreamTraffic traffic, IServerStreamWriter<SeedFrame> writer) : IServerStreamWriter<SeedFrame>
    {
        public WriteOptions? WriteOptions
        {
            get => writer.WriteOptions;
            set => writer.WriteOptions = value;
        }

        public Task WriteAsync(SeedFrame message) => WriteAsync(message, CancellationToken.None);

        public async Task WriteAsync(SeedFrame message, CancellationToken cancellationToken)
        {
            await writer.WriteAsync(message, cancellationToken);
            Interlocked.Add(ref traffic._sent, message.CalculateSize());
        }
    }
}
