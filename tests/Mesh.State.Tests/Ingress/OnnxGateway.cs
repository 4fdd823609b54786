using System.Runtime.InteropServices;
using Mesh.Messages;
using Mesh.Seed.Routing;
using Mesh.Testing;
using Microsoft.ML.OnnxRuntime;

namespace Mesh.State.Tests.Ingress;

/// <summary>Runs the checkout's models of one FP32 input and one FP32 output in ONNX Runtime, as a vehicle would.</summary>
internal static class OnnxGateway
{
    public static Task<InferenceOutcome> Run(InferenceCall call, CancellationToken cancellation)
    {
        using var session = new InferenceSession(Checkout.Artifact(call.Model.Name, call.Model.Version));
        return Task.FromResult(Samples.Ok(Run(session, call.Inputs[0])));
    }

    public static RawTensor Run(InferenceSession session, RawTensor input)
    {
        var values = MemoryMarshal.Cast<byte, float>(input.Data.Span).ToArray();
        using var tensor = OrtValue.CreateTensorValueFromMemory(values, [.. input.Shape]);
        using var options = new RunOptions();
        using var results = session.Run(options, session.InputNames, [tensor], session.OutputNames);
        return new RawTensor(results[0].GetTensorTypeAndShape().Shape, MemoryMarshal.AsBytes(results[0].GetTensorDataAsSpan<float>()).ToArray());
    }
}
