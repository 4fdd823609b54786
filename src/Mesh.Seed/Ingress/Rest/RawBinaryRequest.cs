using System.Buffers.Binary;
using Mesh.Seed.Models;
using static Mesh.Seed.Ingress.RequestRefusedException;

namespace Mesh.Seed.Ingress.Rest;

/// <summary>
/// A request without any JSON (Inference-Header-Content-Length 0): the body is the model's only input, its shape follows
/// from the body's length, and all outputs come back binary.
/// </summary>
internal static class RawBinaryRequest
{
    private static readonly Dictionary<string, Parameter> Binary = new() { ["binary_data_output"] = Parameter.Of(true) };

    /// <exception cref="RequestRefusedException">The model or the body's length does not allow it.</exception>
    public static InferRequest Read(ServedModel model, ReadOnlyMemory<byte> body)
    {
        if (model.Inputs is not [var spec])
            throw Invalid($"a raw binary request needs a model with one input; {model.Reference} has {model.Inputs.Count}");
        var input = spec.Datatype == TensorDatatype.BYTES
            ? new RequestInput(spec.Name, spec.Datatype, SingleElement(spec), WithLength(body), Parameter.None)
            : new RequestInput(spec.Name, spec.Datatype, ShapeFor(spec, body.Length), body, Parameter.None);
        return new InferRequest(null, Binary, [input], []);
    }

    private static long[] SingleElement(TensorSpec spec)
    {
        if (spec.Shape.Any(dimension => dimension is not (-1 or 1)))
            throw Invalid($"a raw binary request carries one BYTES element; input '{spec.Name}' has shape {Datatypes.Format(spec.Shape)}");
        return [.. spec.Shape.Select(_ => 1L)];
    }

    private static byte[] WithLength(ReadOnlyMemory<byte> body)
    {
        var element = new byte[sizeof(uint) + body.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(element, (uint)body.Length);
        body.CopyTo(element.AsMemory(sizeof(uint)));
        return element;
    }

    /// <summary>The one variable dimension takes what the length leaves; of two, the first is the batch and counts 1.</summary>
    private static long[] ShapeFor(TensorSpec spec, int length)
    {
        var shape = spec.Shape.ToArray();
        if (shape.Count(dimension => dimension == -1) == 2 && shape[0] == -1)
            shape[0] = 1;
        if (shape.Count(dimension => dimension == -1) > 1)
            throw Invalid($"a raw binary request leaves at most one dimension open; input '{spec.Name}' has shape {Datatypes.Format(spec.Shape)}");
        if (Array.IndexOf(shape, -1) is >= 0 and var open)
        {
            shape[open] = 1;
            if (!TensorContent.TryCount(shape, out var count) || count == 0 || count > length || length % (count * spec.Datatype.ElementSize()) != 0)
                throw Invalid($"input '{spec.Name}': {length} bytes are no whole number of steps of shape {Datatypes.Format(spec.Shape)} of {spec.Datatype.Name()}");
            shape[open] = length / (count * spec.Datatype.ElementSize());
        }

        return shape;
    }
}
