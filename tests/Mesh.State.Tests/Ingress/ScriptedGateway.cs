using System.Collections.Concurrent;
using Mesh.Seed.Routing;

namespace Mesh.State.Tests.Ingress;

/// <summary>Stands in for the region: answers as the test says, and remembers what it was asked.</summary>
internal sealed class ScriptedGateway : IInferenceGateway
{
    /// <summary>By default every request is answered by its own inputs, as an identity model would.</summary>
    public Func<InferenceCall, CancellationToken, Task<InferenceOutcome>> Script { get; set; } = Echo;

    public ConcurrentQueue<InferenceCall> Calls { get; } = new();

    public Task<InferenceOutcome> InferAsync(InferenceCall call, CancellationToken cancellation)
    {
        Calls.Enqueue(call);
        return Script(call, cancellation);
    }

    public void Always(InferenceOutcome outcome) => Script = (_, _) => Task.FromResult(outcome);

    public static Task<InferenceOutcome> Echo(InferenceCall call, CancellationToken cancellation) => Task.FromResult(
        Samples.Ok(call.Outputs.Count == 0 ? [.. call.Inputs] : [.. call.Outputs.Select(position => call.Inputs[position])]));
}
