using System.Runtime.InteropServices;
using Mesh.Messages;
using Mesh.Node.Inference;
using Mesh.Testing;

namespace Mesh.State.Tests.Inference;

/// <summary>What tests of joined runs share: the engine's one thread is occupied while company gathers.</summary>
internal static class JoinedRuns
{
    public static readonly TestArtifact Loop = new("loop", OnnxFile.DoublingLoop());

    /// <summary>However slow this machine is, no run is too long to be shared.</summary>
    public static EngineHarness NewHarness(TimeProvider? time = null) =>
        new(new InferenceEngineOptions { JoinedRunLimit = TimeSpan.FromHours(1) }, time);

    public static RawTensor Row(float left, float right) => new([1, 2], MemoryMarshal.AsBytes([left, right]).ToArray());

    public static float[] Values(InferenceJobResult result) => MemoryMarshal.Cast<byte, float>(result.Outputs[0].Data.Span).ToArray();

    public static async Task<InferenceJobResult[]> AloneAsync(EngineHarness harness, TestArtifact artifact, params RawTensor[] inputs)
    {
        var results = new List<InferenceJobResult>();
        foreach (var input in inputs)
            results.Add(await harness.Submit(artifact, [input]).Result);
        await IdleAsync(harness); // The last run was measured too.
        Assert.All(results, result => Assert.Equal(AttemptOutcome.Ok, result.Outcome));
        return [.. results];
    }

    /// <summary>A single run, and joined runs that the engine checks by itself, until it trusts the model.</summary>
    public static async Task TrustAsync(EngineHarness harness, TestArtifact artifact, params RawTensor[] inputs)
    {
        await AloneAsync(harness, artifact, inputs[0]);
        for (var trial = 0; trial < 2; trial++)
        {
            var (_, runs) = await TogetherAsync(harness, artifact, inputs);
            Assert.Equal(1 + inputs.Length, runs);
        }
    }

    /// <summary>Submits while the engine's thread is occupied, so that all of them wait when it is free.</summary>
    public static async Task<(InferenceJobResult[] Results, long Runs)> TogetherAsync(
        EngineHarness harness, TestArtifact artifact, RawTensor[] inputs, JobClass jobs = JobClass.Interactive)
    {
        await harness.Engine.LoadAsync(artifact.Model, artifact);
        await harness.Engine.LoadAsync(Loop.Model, Loop);
        var blocker = await harness.RunForeverAsync(Loop);
        var before = harness.Engine.Status.Runs;
        var submitted = inputs.Select(input => harness.Submit(artifact, [input], jobs: jobs)).ToArray();
        blocker.Job.Cancel();
        var results = await Task.WhenAll(submitted.Select(job => job.Result));
        await IdleAsync(harness);
        return (results, harness.Engine.Status.Runs - before - 1); // without the blocker's
    }

    public static Task IdleAsync(EngineHarness harness) =>
        harness.Engine.WhenIdleAsync(CancellationToken.None).WaitAsync(EngineHarness.Patience);
}
