using System.Buffers;
using System.Runtime.InteropServices;
using Mesh.Messages;
using Mesh.Node.Inference;
using Mesh.Node.Metering;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mesh.State.Tests.Inference;

/// <summary>An engine over a store of its own, both gone when the test ends.</summary>
internal sealed class EngineHarness : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _folder = new();

    public EngineHarness(InferenceEngineOptions? options = null, TimeProvider? time = null, RunMeter? meter = null)
    {
        var clock = time ?? TimeProvider.System;
        var storeOptions = new ModelStoreOptions { Folder = _folder.Path, RetryDelay = TimeSpan.Zero };
        Store = new ModelStore(storeOptions, clock, NullLogger<ModelStore>.Instance);
        Engine = new InferenceEngine(Store, options ?? new InferenceEngineOptions(), clock, NullLogger<InferenceEngine>.Instance, meter);
    }

    public ModelStore Store { get; }

    public InferenceEngine Engine { get; }

    public static RawTensor Floats(params float[] values) => new([values.Length], MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    public static RawTensor Scalar(long value) => new([], BitConverter.GetBytes(value));

    public Submitted Submit(
        TestArtifact artifact, IReadOnlyList<RawTensor> inputs, uint priority = 0, TimeSpan? budget = null, JobClass jobs = JobClass.Interactive)
    {
        var job = Create(artifact, inputs, priority, budget, jobs);
        Engine.Submit(job.Job);
        return job;
    }

    public static Submitted Create(
        TestArtifact artifact, IReadOnlyList<RawTensor> inputs, uint priority = 0, TimeSpan? budget = null, JobClass jobs = JobClass.Interactive)
    {
        var done = new TaskCompletionSource<InferenceJobResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var job = new InferenceJob(artifact.Model, inputs, [], budget ?? TimeSpan.MaxValue, priority, artifact, done.SetResult) { Class = jobs };
        return new Submitted(job, done.Task);
    }

    /// <summary>Occupies one thread until it is cancelled; returns once the run has begun.</summary>
    public async Task<Submitted> RunForeverAsync(TestArtifact loop, TimeSpan? budget = null, JobClass jobs = JobClass.Interactive)
    {
        using var signal = new SignallingMemory(new byte[4]);
        var job = Submit(loop, [new RawTensor([1], signal.Memory), Scalar(long.MaxValue)], budget: budget, jobs: jobs);
        await signal.Pinned.WaitAsync(Patience);
        return job;
    }

    /// <summary>Nothing is allowed any more; completes when nothing runs.</summary>
    public Task StopAllAsync()
    {
        Engine.Permit(OwnerConsent.Nothing, OwnerConsent.Nothing);
        return Engine.WhenIdleAsync(CancellationToken.None);
    }

    public void Resume() => Engine.Permit(OwnerConsent.Everything, OwnerConsent.Everything);

    public void Dispose()
    {
        Engine.Dispose();
        Store.Dispose();
        _folder.Dispose();
    }

    /// <summary>Memory that tells when it is pinned, which the engine does right before a run.</summary>
    private sealed class SignallingMemory(byte[] content) : MemoryManager<byte>
    {
        private readonly TaskCompletionSource _pinned = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Pinned => _pinned.Task;

        public override Span<byte> GetSpan() => content;

        public override MemoryHandle Pin(int elementIndex = 0)
        {
            _pinned.TrySetResult();
            return content.AsMemory(elementIndex).Pin();
        }

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}

/// <summary>A job and its one result; a second completion would throw in the engine and leave it never idle.</summary>
internal sealed record Submitted(InferenceJob Job, Task<InferenceJobResult> Done)
{
    public Task<InferenceJobResult> Result => Done.WaitAsync(EngineHarness.Patience);
}
