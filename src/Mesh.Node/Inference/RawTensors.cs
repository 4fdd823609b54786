using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Mesh.Messages;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Mesh.Node.Inference;

/// <summary>A tensor that does not hold what it claims; the message is for the client.</summary>
internal sealed class InvalidTensorException(string message) : Exception(message);

/// <summary>
/// Between raw contents and ONNX Runtime's values. Inputs are used in place: their memory stays pinned until this is
/// disposed. Everything that ONNX Runtime would take on trust (count, length, prefixes) is checked before it sees a pointer.
/// </summary>
internal sealed class RawTensors(int capacity) : IDisposable
{
    private const int PrefixBytes = sizeof(uint);

    // A tensor without elements still needs an address that is not null.
    private static readonly byte[] Nothing = GC.AllocateArray<byte>(16, pinned: true);

    private readonly List<OrtValue> _values = new(capacity);
    private readonly List<MemoryHandle> _pins = new(capacity);

    /// <summary>In the order added.</summary>
    public IReadOnlyCollection<OrtValue> Values => _values;

    /// <summary>Bytes of one element; 0 for BYTES, whose elements differ; null for a type that OIP has no name for here.</summary>
    public static int? ElementSize(TensorElementType type) => type switch
    {
        TensorElementType.Bool or TensorElementType.Int8 or TensorElementType.UInt8 => 1,
        TensorElementType.Int16 or TensorElementType.UInt16 or TensorElementType.Float16 => 2,
        TensorElementType.Int32 or TensorElementType.UInt32 or TensorElementType.Float => 4,
        TensorElementType.Int64 or TensorElementType.UInt64 or TensorElementType.Double => 8,
        TensorElementType.String => 0,
        _ => null,
    };

    /// <exception cref="InvalidTensorException">Shape, length or contents do not fit together.</exception>
    public void Add(RawTensor tensor, string name, TensorElementType type)
    {
        var shape = tensor.Shape.ToArray();
        var count = ElementCount(shape, name);
        if (type == TensorElementType.String)
        {
            AddStrings(tensor.Data, shape, count, name);
            return;
        }

        var size = ElementSize(type) ?? throw new InvalidTensorException($"Input '{name}' has type {type}, which is not served.");
        if (count > int.MaxValue / size || count * size != tensor.Data.Length)
        {
            throw new InvalidTensorException(
                $"Input '{name}' of shape {Text(shape)} ({type}) has {count} elements of {size} bytes, but {tensor.Data.Length} bytes came.");
        }

        if (type == TensorElementType.Bool && tensor.Data.Span.ContainsAnyExceptInRange((byte)0, (byte)1))
            throw new InvalidTensorException($"Input '{name}' is BOOL and has a byte other than 0 and 1.");
        _values.Add(OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance, type, shape, Pin(tensor.Data, size), tensor.Data.Length));
    }

    /// <summary>Copies an output out of native memory: one array for each.</summary>
    /// <exception cref="NotSupportedException">The model computed something that is no tensor of a served type.</exception>
    /// <exception cref="OverflowException">It is larger than one array can be.</exception>
    public static RawTensor ToRaw(OrtValue value)
    {
        if (!value.IsTensor)
            throw new NotSupportedException($"An output is a {value.OnnxType}, not a tensor.");
        var info = value.GetTensorTypeAndShape();
        if (info.ElementDataType == TensorElementType.String)
            return new RawTensor(info.Shape, StringsToRaw(value, checked((int)info.ElementCount)));
        if (ElementSize(info.ElementDataType) is null)
            throw new NotSupportedException($"An output has type {info.ElementDataType}, which is not served.");
        return new RawTensor(info.Shape, info.ElementCount == 0 ? [] : value.GetTensorMutableRawData().ToArray());
    }

    public void Dispose()
    {
        foreach (var value in _values)
            value.Dispose();
        foreach (var pin in _pins)
            pin.Dispose();
    }

    // The product without the zeros must fit too: ONNX Runtime multiplies the dimensions in its own order.
    private static long ElementCount(long[] shape, string name)
    {
        var (product, empty) = (1L, false);
        foreach (var dimension in shape)
        {
            if (dimension < 0)
                throw new InvalidTensorException($"Input '{name}' has a negative dimension in its shape {Text(shape)}.");
            if (dimension > 0 && product > long.MaxValue / dimension)
                throw new InvalidTensorException($"Input '{name}' has more elements than can be counted: shape {Text(shape)}.");
            empty |= dimension == 0;
            product *= dimension == 0 ? 1 : dimension;
        }

        return empty ? 0 : product;
    }

    private static string Text(long[] shape) => $"[{string.Join(',', shape)}]";

    private unsafe nint Pin(ReadOnlyMemory<byte> data, int elementSize)
    {
        if (data.IsEmpty)
            return Marshal.UnsafeAddrOfPinnedArrayElement(Nothing, 0);
        var pin = data.Pin();
        _pins.Add(pin);
        if ((nuint)pin.Pointer % (nuint)elementSize == 0)
            return (nint)pin.Pointer;

        // A slice that starts at an odd address: native code may read whole elements, so it gets an aligned copy.
        var copy = GC.AllocateUninitializedArray<byte>(data.Length, pinned: true);
        data.CopyTo(copy);
        var aligned = copy.AsMemory().Pin();
        _pins.Add(aligned);
        return (nint)aligned.Pointer;
    }

    private void AddStrings(ReadOnlyMemory<byte> data, long[] shape, long count, string name)
    {
        // Each element has a prefix, so the data bounds the count before anything is allocated for it.
        if (count > data.Length / PrefixBytes)
        {
            throw new InvalidTensorException(
                $"Input '{name}' of shape {Text(shape)} has {count} elements, but its {data.Length} bytes cannot hold so many.");
        }

        var elements = SplitStrings(data.Span, (int)count, name);
        var value = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, shape);
        _values.Add(value);
        for (var i = 0; i < elements.Length; i++)
            value.StringTensorSetElementAt(data.Span[elements[i]], i);
    }

    private static Range[] SplitStrings(ReadOnlySpan<byte> data, int count, string name)
    {
        var elements = new Range[count];
        var offset = 0;
        for (var i = 0; i < count; i++)
        {
            if (data.Length - offset < PrefixBytes)
                throw new InvalidTensorException($"Input '{name}' ends within the length of element {i} of {count}.");
            var length = BinaryPrimitives.ReadUInt32LittleEndian(data[offset..]);
            offset += PrefixBytes;
            if (length > data.Length - offset)
            {
                throw new InvalidTensorException(
                    $"Input '{name}': element {i} claims {length} bytes, but {data.Length - offset} are left.");
            }

            elements[i] = offset..(offset + (int)length);
            offset += (int)length;
        }

        if (offset != data.Length)
            throw new InvalidTensorException($"Input '{name}' has {data.Length - offset} bytes beyond its {count} elements.");
        return elements;
    }

    private static byte[] StringsToRaw(OrtValue value, int count)
    {
        var writer = new ArrayBufferWriter<byte>();
        for (var i = 0; i < count; i++)
        {
            var element = value.GetStringElementAsSpan(i);
            BinaryPrimitives.WriteUInt32LittleEndian(writer.GetSpan(PrefixBytes), (uint)element.Length);
            writer.Advance(PrefixBytes);
            writer.Write(element);
        }

        return writer.WrittenSpan.ToArray();
    }
}
