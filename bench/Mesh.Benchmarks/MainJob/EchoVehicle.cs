using Mesh.Messages;
using Mesh.Node.Inference;
using Mesh.Node.Sessions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mesh.Benchmarks.MainJob;

/// <summary>The vehicle's end of the work stream as it is, before an engine that answers at once.</summary>
internal static class EchoVehicle
{
    public static readonly VehicleId Id = new("bench");
    public static readonly RegionName Region = new("bench");
    public static readonly NodeAddress Seed = new("akka.tcp://bench@127.0.0.1:1", 1);

    /// <summary>More than any measurement has in flight.</summary>
    private const int Credits = 1024;

    public static async Task RunAsync(string workAddress)
    {
        using var handler = SeedChannel.NewHandler();
        using var channel = SeedChannel.Open(workAddress, handler);
        var identity = new SessionIdentity(Id, new SessionEpoch(1), Region, new NodeAddress("akka.tcp://bench@127.0.0.1:2", 2), default, 1 << 30);
        using var client = new WorkStreamClient(
            identity, new EchoEngine(), new NoArtifacts(), Credits, () => [Seed], TimeProvider.System, NullLogger<WorkStreamClient>.Instance);
        client.Opened += Child.SayReady;
        await client.RunAsync(channel, CancellationToken.None);
    }

    /// <summary>Answers every job with the first bytes of its input, before <see cref="Submit"/> returns.</summary>
    private sealed class EchoEngine : IInferenceEngine
    {
        private static readonly long[] AnswerShape = [EchoServer.AnswerBytes];

        public event Action? StatusChanged
        {
            add { }
            remove { }
        }

        public EngineStatus Status { get; } = new(1, 0, [], 0, 0, TimeSpan.Zero);

        public void Submit(InferenceJob job)
        {
            var answer = new RawTensor(AnswerShape, job.Inputs[0].Data[..EchoServer.AnswerBytes]);
            job.Complete(new InferenceJobResult(AttemptOutcome.Ok, "", [answer], default));
        }

        public Task LoadAsync(ModelReference model, IArtifactSource source) => Task.CompletedTask;

        public void Unload(ArtifactHash hash)
        {
        }

        public void HandBackQueued()
        {
        }

        public Task StopAllAsync() => Task.CompletedTask;

        public void Resume()
        {
        }

        public Task WhenIdleAsync(CancellationToken cancellation) => Task.CompletedTask;
    }

    private sealed class NoArtifacts : IArtifactSource
    {
        public Task<Stream> OpenAsync(ModelReference model, long offset, CancellationToken cancellation) =>
            throw new IOException("the benchmark has no artifacts");
    }
}
