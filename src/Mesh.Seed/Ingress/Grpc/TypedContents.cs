using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Mesh.Seed.Models;
using static Mesh.Seed.Ingress.RequestRefusedException;

namespace Mesh.Seed.Ingress.Grpc;

/// <summary>Turns the typed contents of an input into raw ones, the only form inside the mesh.</summary>
internal static class TypedContents
{
    /// <exception cref="RequestRefusedException">Elements in a field of another datatype, or out of the datatype's range.</exception>
    public static ReadOnlyMemory<byte> ToRaw(string input, TensorDatatype datatype, InferTensorContents contents)
    {
        if (datatype == TensorDatatype.FP16)
            throw Invalid($"input '{input}': FP16 has no typed contents: send it in raw_input_contents");
        var field = FieldOf(datatype);
        if (FilledFields(contents).FirstOrDefault(filled => filled != field) is { } wrong)
            throw Invalid($"input '{input}' of datatype {datatype.Name()} belongs in {field}, got {wrong}");
        return datatype switch
        {
            TensorDatatype.BOOL => Copy(contents.BoolContents),
            TensorDatatype.UINT8 => Narrow<uint, byte>(input, datatype, contents.UintContents),
            TensorDatatype.UINT16 => Narrow<uint, ushort>(input, datatype, contents.UintContents),
            TensorDatatype.UINT32 => Copy(contents.UintContents),
            TensorDatatype.UINT64 => Copy(contents.Uint64Contents),
            TensorDatatype.INT8 => Narrow<int, sbyte>(input, datatype, contents.IntContents),
            TensorDatatype.INT16 => Narrow<int, short>(input, datatype, contents.IntContents),
            TensorDatatype.INT32 => Copy(contents.IntContents),
            TensorDatatype.INT64 => Copy(contents.Int64Contents),
            TensorDatatype.FP32 => Copy(contents.Fp32Contents),
            TensorDatatype.FP64 => Copy(contents.Fp64Contents),
            TensorDatatype.BYTES => Prefixed(contents.BytesContents),
            _ => throw new ArgumentOutOfRangeException(nameof(datatype), datatype, "not a datatype"),
        };
    }

    /// <summary>Whether any element is there at all.</summary>
    public static bool IsEmpty(InferTensorContents? contents) => contents is null || !FilledFields(contents).Any();

    private static string FieldOf(TensorDatatype datatype) => datatype switch
    {
        TensorDatatype.BOOL => "bool_contents",
        TensorDatatype.UINT8 or TensorDatatype.UINT16 or TensorDatatype.UINT32 => "uint_contents",
        TensorDatatype.UINT64 => "uint64_contents",
        TensorDatatype.INT8 or TensorDatatype.INT16 or TensorDatatype.INT32 => "int_contents",
        TensorDatatype.INT64 => "int64_contents",
        TensorDatatype.FP32 => "fp32_contents",
        TensorDatatype.FP64 => "fp64_contents",
        _ => "bytes_contents",
    };

    private static IEnumerable<string> FilledFields(InferTensorContents contents)
    {
        if (contents.BoolContents.Count > 0)
            yield return "bool_contents";
        if (contents.IntContents.Count > 0)
            yield return "int_contents";
        if (contents.Int64Contents.Count > 0)
            yield return "int64_contents";
        if (contents.UintContents.Count > 0)
            yield return "uint_contents";
        if (contents.Uint64Contents.Count > 0)
            yield return "uint64_contents";
        if (contents.Fp32Contents.Count > 0)
            yield return "fp32_contents";
        if (contents.Fp64Contents.Count > 0)
            yield return "fp64_contents";
        if (contents.BytesContents.Count > 0)
            yield return "bytes_contents";
    }

    private static byte[] Copy<T>(RepeatedField<T> elements)
        where T : unmanaged
    {
        var values = new T[elements.Count];
        elements.CopyTo(values, 0);
        return MemoryMarshal.AsBytes<T>(values).ToArray();
    }

    private static byte[] Narrow<TWide, T>(string input, TensorDatatype datatype, RepeatedField<TWide> elements)
        where TWide : unmanaged, IBinaryInteger<TWide>
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var values = new T[elements.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = T.CreateTruncating(elements[i]);
            if (TWide.CreateTruncating(values[i]) != elements[i])
                throw Invalid($"input '{input}': element {i} is {elements[i]}, out of the range of {datatype.Name()} ({T.MinValue} to {T.MaxValue})");
        }

        return MemoryMarshal.AsBytes<T>(values).ToArray();
    }

    private static byte[] Prefixed(RepeatedField<ByteString> elements)
    {
        var bytes = new byte[elements.Sum(element => (long)element.Length + sizeof(uint))];
        var position = 0;
        foreach (var element in elements)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(position), (uint)element.Length);
            element.Span.CopyTo(bytes.AsSpan(position + sizeof(uint)));
            position += sizeof(uint) + element.Length;
        }

        return bytes;
    }
}
