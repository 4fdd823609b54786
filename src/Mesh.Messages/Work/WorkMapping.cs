using Google.Protobuf;

namespace Mesh.Messages.Work;

/// <summary>Between the domain's tensors and the work stream's, without copying content.</summary>
public static class WorkMapping
{
    public static TensorData ToWire(this RawTensor tensor)
    {
        var wire = new TensorData { Data = UnsafeByteOperations.UnsafeWrap(tensor.Data) };
        for (var i = 0; i < tensor.Shape.Count; i++)
            wire.Shape.Add(tensor.Shape[i]);
        return wire;
    }

    public static RawTensor FromWire(this TensorData wire)
    {
        var shape = new long[wire.Shape.Count];
        wire.Shape.CopyTo(shape, 0);
        return new RawTensor(shape, wire.Data.Memory);
    }

    /// <summary>Bytes of content.</summary>
    public static int Bytes(this IReadOnlyList<TensorData> wire)
    {
        var bytes = 0;
        for (var i = 0; i < wire.Count; i++)
            bytes += wire[i].Data.Length;
        return bytes;
    }

    public static RawTensor[] FromWire(this IReadOnlyList<TensorData> wire)
    {
        if (wire.Count == 0)
            return [];
        var tensors = new RawTensor[wire.Count];
        for (var i = 0; i < tensors.Length; i++)
            tensors[i] = wire[i].FromWire();
        return tensors;
    }
}
