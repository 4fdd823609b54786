using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using Mesh.Messages;
using Mesh.Seed.Models;
using static Mesh.Seed.Ingress.RequestRefusedException;

namespace Mesh.Seed.Ingress.Rest;

/// <summary>Writes a tensor as a flat JSON array. Numbers get the shortest text that reads back as the same value.</summary>
internal static class JsonTensorWriter
{
    /// <exception cref="RequestRefusedException">A value that JSON cannot express; it says to ask for binary data.</exception>
    public static void Write(Utf8JsonWriter writer, TensorSpec spec, RawTensor tensor)
    {
        var data = tensor.Data.Span;
        writer.WriteStartArray();
        switch (spec.Datatype)
        {
            case TensorDatatype.BOOL:
                foreach (var value in data)
                    writer.WriteBooleanValue(value != 0);
                break;
            case TensorDatatype.UINT8:
                foreach (var value in data)
                    writer.WriteNumberValue((uint)value);
                break;
            case TensorDatatype.UINT16: WriteIntegers<ushort>(writer, data); break;
            case TensorDatatype.UINT32: WriteIntegers<uint>(writer, data); break;
            case TensorDatatype.INT8: WriteIntegers<sbyte>(writer, data); break;
            case TensorDatatype.INT16: WriteIntegers<short>(writer, data); break;
            case TensorDatatype.INT32: WriteIntegers<int>(writer, data); break;
            case TensorDatatype.INT64: WriteIntegers<long>(writer, data); break;
            case TensorDatatype.UINT64:
                foreach (var value in MemoryMarshal.Cast<byte, ulong>(data))
                    writer.WriteNumberValue(value);
                break;
            case TensorDatatype.FP32:
                foreach (var value in MemoryMarshal.Cast<byte, float>(data))
                    writer.WriteNumberValue(float.IsFinite(value) ? value : throw NotFinite(spec));
                break;
            case TensorDatatype.FP64:
                foreach (var value in MemoryMarshal.Cast<byte, double>(data))
                    writer.WriteNumberValue(double.IsFinite(value) ? value : throw NotFinite(spec));
                break;
            case TensorDatatype.BYTES: WriteTexts(writer, spec, data); break;
            default: throw new ArgumentOutOfRangeException(nameof(spec), spec.Datatype, "has no JSON form; refused before the run");
        }

        writer.WriteEndArray();
    }

    private static void WriteIntegers<T>(Utf8JsonWriter writer, ReadOnlySpan<byte> data)
        where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        foreach (var value in MemoryMarshal.Cast<byte, T>(data))
            writer.WriteNumberValue(long.CreateTruncating(value));
    }

    private static void WriteTexts(Utf8JsonWriter writer, TensorSpec spec, ReadOnlySpan<byte> data)
    {
        for (var position = 0; TensorContent.TryReadElement(data, ref position, out var element);)
            writer.WriteStringValue(Utf8.IsValid(element) ? element : throw Invalid($"output '{spec.Name}' holds bytes that are not UTF-8 text: {AskForBinary}"));
    }

    private static RequestRefusedException NotFinite(TensorSpec spec) =>
        Invalid($"output '{spec.Name}' holds NaN or Infinity, which JSON cannot express: {AskForBinary}");

    private const string AskForBinary = "ask for it with parameter 'binary_data' or 'binary_data_output'";
}
