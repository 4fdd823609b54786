using System.Runtime.InteropServices;
using System.Text;
using Mesh.Messages;
using Mesh.Seed.Ingress;
using Mesh.Seed.Ingress.Rest;
using Mesh.Seed.Models;
using Mesh.Seed.Routing;

namespace Mesh.State.Tests.Ingress;

/// <summary>Models, requests and outcomes that several tests speak of.</summary>
internal static class Samples
{
    public static readonly VehicleId Vehicle = new("V-001");

    public static readonly AttemptTimings Timings =
        new(TimeSpan.FromMicroseconds(70), TimeSpan.FromMicroseconds(20), TimeSpan.FromMicroseconds(500));

    /// <summary>A model whose outputs y0, y1, … mirror its inputs x0, x1, ….</summary>
    public static ServedModel Model(params (TensorDatatype Datatype, long[] Shape)[] tensors) => new(
        new ModelReference("m", "1", new ArtifactHash(new string('a', 64)), 100),
        "/nowhere/model.onnx",
        [.. tensors.Select((tensor, i) => new TensorSpec($"x{i}", tensor.Datatype, tensor.Shape))],
        [.. tensors.Select((tensor, i) => new TensorSpec($"y{i}", tensor.Datatype, tensor.Shape))]);

    public static byte[] Bytes<T>(params T[] values)
        where T : unmanaged => MemoryMarshal.AsBytes<T>(values).ToArray();

    public static RequestInput Input(string name, TensorDatatype datatype, long[] shape, byte[] data) =>
        new(name, datatype, shape, data, Parameter.None);

    public static InferRequest Request(params RequestInput[] inputs) => new(null, Parameter.None, inputs, []);

    public static InferenceOutcome Ok(params RawTensor[] outputs) => new(RequestOutcome.Ok, "", outputs, null, Vehicle, 1, Timings);

    public static InferRequest ReadJson(string json, params byte[] tail)
    {
        var text = Encoding.UTF8.GetBytes(json);
        return InferRequestReader.Read(text.Concat(tail).ToArray(), text.Length);
    }

    /// <summary>The refusal's text; fails when the request is taken.</summary>
    public static string Refused(Action action) => Assert.Throws<RequestRefusedException>(action).Message;
}
