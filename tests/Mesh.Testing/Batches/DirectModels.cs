using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Mesh.Messages;
using Mesh.Seed.Routing;
using Microsoft.ML.OnnxRuntime;

namespace Mesh.Testing.Batches;

/// <summary>Runs the checkout's models of one FP32 input and one FP32 output in ONNX Runtime, with no mesh between.</summary>
public sealed class DirectModels : IInferenceGateway, IDisposable
{
    private readonly ConcurrentDictionary<ModelReference, Lazy<InferenceSession>> _sessions = new();

    public Task<InferenceOutcome> InferAsync(InferenceCall call, CancellationToken cancellation) => Task.FromResult(
        new InferenceOutcome(RequestOutcome.Ok, "", [Run(call)], null, new VehicleId("V-001"), 1, default));

    public void Dispose()
    {
        foreach (var session in _sessions.Values)
            session.Value.Dispose();
    }

    private RawTensor Run(InferenceCall call)
    {
        var session = _sessions.GetOrAdd(
            call.Model, model => new Lazy<InferenceSession>(() => new InferenceSession(Checkout.Artifact(model.Name, model.Version)))).Value;
        var values = MemoryMarshal.Cast<byte, float>(call.Inputs[0].Data.Span).ToArray();
        using var tensor = OrtValue.CreateTensorValueFromMemory(values, [.. call.Inputs[0].Shape]);
        using var options = new RunOptions();
        using var results = session.Run(options, session.InputNames, [tensor], session.OutputNames);
        return new RawTensor(results[0].GetTensorTypeAndShape().Shape, MemoryMarshal.AsBytes(results[0].GetTensorDataAsSpan<float>()).ToArray());
    }
}
