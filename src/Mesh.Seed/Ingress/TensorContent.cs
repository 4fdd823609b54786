using System.Buffers.Binary;
using Mesh.Seed.Models;

namespace Mesh.Seed.Ingress;

/// <summary>Checks of raw tensor content against a shape; used on what clients send and on what vehicles answer.</summary>
internal static class TensorContent
{
    /// <summary>Product of the dimensions. False when it does not fit 63 bits, zero dimensions set aside.</summary>
    public static bool TryCount(IReadOnlyList<long> shape, out long count)
    {
        count = 1;
        var empty = false;
        foreach (var dimension in shape)
        {
            empty |= dimension == 0;
            var product = Math.BigMul(count, Math.Max(dimension, 1), out var low);
            if (product != 0 || low < 0)
                return false;
            count = low;
        }

        if (empty)
            count = 0;
        return true;
    }

    /// <summary>Null when the content holds exactly <paramref name="count"/> elements; else what is wrong with it.</summary>
    public static string? Problem(TensorDatatype datatype, IReadOnlyList<long> shape, long count, ReadOnlySpan<byte> data)
    {
        if (datatype == TensorDatatype.BYTES)
            return ProblemOfBytes(shape, count, data);
        var size = datatype.ElementSize();
        if (data.Length % size != 0 || data.Length / size != count)
            return Expected(datatype, shape, count, data.Length % size == 0 ? $"{data.Length / size} ({data.Length} bytes)" : $"{data.Length} bytes");
        if (datatype == TensorDatatype.BOOL && data.IndexOfAnyExceptInRange((byte)0, (byte)1) is >= 0 and var bad)
            return $"element {bad} is {data[bad]}; a BOOL is a byte of value 0 or 1";
        return null;
    }

    /// <summary>Offset and length of the element that starts at <paramref name="position"/>; false when it does not fit.</summary>
    public static bool TryReadElement(ReadOnlySpan<byte> data, ref int position, out ReadOnlySpan<byte> element)
    {
        element = default;
        if (data.Length - position < sizeof(uint))
            return false;
        var length = BinaryPrimitives.ReadUInt32LittleEndian(data[position..]);
        if (length > data.Length - position - sizeof(uint))
            return false;
        element = data.Slice(position + sizeof(uint), (int)length);
        position += sizeof(uint) + (int)length;
        return true;
    }

    private static string? ProblemOfBytes(IReadOnlyList<long> shape, long count, ReadOnlySpan<byte> data)
    {
        var position = 0;
        long elements = 0;
        while (position < data.Length)
        {
            if (!TryReadElement(data, ref position, out _))
                return $"element {elements} of its BYTES does not fit into the {data.Length - position} bytes left at byte {position} (4-byte length, then that many bytes)";
            elements++;
        }

        return elements == count ? null : Expected(TensorDatatype.BYTES, shape, count, $"{elements}");
    }

    private static string Expected(TensorDatatype datatype, IReadOnlyList<long> shape, long count, string got) =>
        $"shape {Datatypes.Format(shape)} of {datatype.Name()} needs {count} elements, got {got}";
}
