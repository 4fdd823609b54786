using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using Mesh.Seed.Models;
using static Mesh.Seed.Ingress.RequestRefusedException;

namespace Mesh.Seed.Ingress.Rest;

/// <summary>
/// Turns the JSON array of a tensor's <c>data</c>, nested or flat, straight into little-endian bytes: one pass over the
/// text, no object per element. The count of elements is for the validation to check, nesting has no meaning.
/// </summary>
internal static class JsonTensorReader
{
    // A shape is only a claim until the elements are there: larger tensors grow into their size.
    private const long MaxFirstElements = 1 << 22;

    /// <param name="reader">Stands on the array's first token; is left on its last.</param>
    /// <param name="expected">Elements that the shape asks for, a hint for the buffer's size.</param>
    public static ReadOnlyMemory<byte> Read(ref Utf8JsonReader reader, string input, TensorDatatype datatype, long expected)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw Invalid($"input '{input}': 'data' must be an array");
        return datatype switch
        {
            TensorDatatype.BOOL => ReadAll<byte, BooleanElement>(ref reader, input, datatype, expected),
            TensorDatatype.UINT8 => ReadAll<byte, UInt8Element>(ref reader, input, datatype, expected),
            TensorDatatype.UINT16 => ReadAll<ushort, UInt16Element>(ref reader, input, datatype, expected),
            TensorDatatype.UINT32 => ReadAll<uint, UInt32Element>(ref reader, input, datatype, expected),
            TensorDatatype.UINT64 => ReadAll<ulong, UInt64Element>(ref reader, input, datatype, expected),
            TensorDatatype.INT8 => ReadAll<sbyte, Int8Element>(ref reader, input, datatype, expected),
            TensorDatatype.INT16 => ReadAll<short, Int16Element>(ref reader, input, datatype, expected),
            TensorDatatype.INT32 => ReadAll<int, Int32Element>(ref reader, input, datatype, expected),
            TensorDatatype.INT64 => ReadAll<long, Int64Element>(ref reader, input, datatype, expected),
            TensorDatatype.FP32 => ReadAll<float, Fp32Element>(ref reader, input, datatype, expected),
            TensorDatatype.FP64 => ReadAll<double, Fp64Element>(ref reader, input, datatype, expected),
            TensorDatatype.BYTES => ReadBytes(ref reader, input),
            TensorDatatype.FP16 => throw Invalid($"input '{input}': FP16 has no JSON form here: send it as binary data"),
            _ => throw new ArgumentOutOfRangeException(nameof(datatype), datatype, "not a datatype"),
        };
    }

    private static ReadOnlyMemory<byte> ReadAll<T, TElement>(ref Utf8JsonReader reader, string input, TensorDatatype datatype, long expected)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        var bytes = GC.AllocateUninitializedArray<byte>((int)Math.Clamp(expected, 1, MaxFirstElements) * Unsafe.SizeOf<T>());
        var values = MemoryMarshal.Cast<byte, T>(bytes.AsSpan());
        var count = 0;
        for (var depth = 1; depth > 0;)
        {
            reader.Read();
            if (reader.TokenType is JsonTokenType.StartArray)
            {
                depth++;
            }
            else if (reader.TokenType is JsonTokenType.EndArray)
            {
                depth--;
            }
            else
            {
                if (count == values.Length)
                {
                    Array.Resize(ref bytes, Doubled(bytes.Length));
                    values = MemoryMarshal.Cast<byte, T>(bytes.AsSpan());
                }

                if (!TElement.TryRead(ref reader, out values[count]))
                    throw BadElement(ref reader, input, datatype, count);
                count++;
            }
        }

        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("Tensors are handled as the little-endian bytes that the protocol carries.");
        return bytes.AsMemory(0, count * Unsafe.SizeOf<T>());
    }

    private static ReadOnlyMemory<byte> ReadBytes(ref Utf8JsonReader reader, string input)
    {
        var bytes = new byte[256];
        var length = 0;
        var count = 0;
        for (var depth = 1; depth > 0;)
        {
            reader.Read();
            if (reader.TokenType is JsonTokenType.StartArray)
            {
                depth++;
            }
            else if (reader.TokenType is JsonTokenType.EndArray)
            {
                depth--;
            }
            else
            {
                if (reader.TokenType != JsonTokenType.String)
                    throw BadElement(ref reader, input, TensorDatatype.BYTES, count);
                // Unescaped text is never longer than its escaped form.
                var needed = length + sizeof(uint) + reader.ValueSpan.Length;
                if (needed > bytes.Length)
                    Array.Resize(ref bytes, Math.Max(needed, Doubled(bytes.Length)));
                var written = CopyText(ref reader, bytes.AsSpan(length + sizeof(uint)), input, count);
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(length), (uint)written);
                length += sizeof(uint) + written;
                count++;
            }
        }

        return bytes.AsMemory(0, length);
    }

    private static int Doubled(int length) => (int)Math.Min(2L * length, Array.MaxLength) is var doubled && doubled > length
        ? doubled
        : throw new RequestRefusedException(Refusal.TooLarge, $"the data of one input has more than {length} bytes");

    private static int CopyText(ref Utf8JsonReader reader, Span<byte> target, string input, int element)
    {
        try
        {
            return reader.CopyString(target);
        }
        catch (InvalidOperationException)
        {
            throw Invalid($"input '{input}': element {element} is not valid Unicode text: send it as binary data");
        }
    }

    private static RequestRefusedException BadElement(ref Utf8JsonReader reader, string input, TensorDatatype datatype, int element)
    {
        var got = reader.TokenType switch
        {
            JsonTokenType.Number => $"{Excerpt(reader.ValueSpan)} (not of that type or out of its range)",
            JsonTokenType.String => $"the text \"{Excerpt(reader.ValueSpan)}\"",
            JsonTokenType.StartObject => "an object",
            _ => Excerpt(reader.ValueSpan),
        };
        return Invalid($"input '{input}': element {element} of its data must be a {datatype.Name()}, got {got}");
    }

    private static string Excerpt(ReadOnlySpan<byte> text) =>
        text.Length <= 40 ? System.Text.Encoding.UTF8.GetString(text) : System.Text.Encoding.UTF8.GetString(text[..40]) + "…";

    private interface IElement<T>
    {
        static abstract bool TryRead(ref Utf8JsonReader reader, out T value);
    }

    // One struct per type, so that the loop above is compiled once for each, without a call through an interface.
    private readonly struct BooleanElement : IElement<byte>
    {
        public static bool TryRead(ref Utf8JsonReader reader, out byte value)
        {
            value = reader.TokenType == JsonTokenType.True ? (byte)1 : (byte)0;
            return reader.TokenType is JsonTokenType.True or JsonTokenType.False;
        }
    }

    private readonly struct UInt8Element : IElement<byte>
    {
        public static bool TryRead(ref Utf8JsonReader reader, out byte value) => IsNumber(ref reader, out value) && reader.TryGetByte(out value);
    }

    private readonly struct UInt16Element : IElement<ushort>
    {
        public static bool TryRead(ref Utf8JsonReader reader, out ushort value) => IsNumber(ref reader, out value) && reader.TryGetUInt16(out value);
    }

    private readonly struct UInt32Element : IElement<uint>
    {
        public static bool TryRead(ref Utf8JsonReader reader, out uint value) => IsNumber(ref reader, out value) && reader.TryGetUInt32(out value);
    }

    private readonly struct UInt64Element : IElement<ulong>
    {
        public static bool TryRead(ref Utf8JsonReader reader, out ulong value) => IsNumber(ref reader, out value) && reader.TryGetUInt64(out value);
    }

    private readonly struct Int8Element : IElement<sbyte>
    {
        public static bool TryRead(ref Utf8JsonReader reader, out sbyte value) => IsNumber(ref reader, out value) && reader.TryGetSByte(out value);
    }

    private readonly struct Int16Element : IElement<short>
    {
        public static bool TryRead(ref Utf8JsonReader reader, out short value) => IsNumber(ref reader, out value) && reader.TryGetInt16(out value);
    }

    private readonly struct Int32Element : IElement<int>
    {
        public static bool TryRead(ref Utf8JsonReader reader, out int value) => IsNumber(ref reader, out value) && reader.TryGetInt32(out value);
    }

    private readonly struct Int64Element : IElement<long>
    {
        public static bool TryRead(ref Utf8JsonReader reader, out long value) => IsNumber(ref reader, out value) && reader.TryGetInt64(out value);
    }

    // A number too large for the type parses as infinity.
    private readonly struct Fp32Element : IElement<float>
    {
        public static bool TryRead(ref Utf8JsonReader reader, out float value) =>
            IsNumber(ref reader, out value)
            && (PlainDecimal.TryParse(reader.ValueSpan, out value) || (reader.TryGetSingle(out value) && float.IsFinite(value)));
    }

    private readonly struct Fp64Element : IElement<double>
    {
        public static bool TryRead(ref Utf8JsonReader reader, out double value) =>
            IsNumber(ref reader, out value)
            && (PlainDecimal.TryParse(reader.ValueSpan, out value) || (reader.TryGetDouble(out value) && double.IsFinite(value)));
    }

    private static bool IsNumber<T>(ref Utf8JsonReader reader, out T value)
        where T : struct
    {
        value = default;
        return reader.TokenType == JsonTokenType.Number;
    }
}
