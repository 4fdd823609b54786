using System.Globalization;

namespace Mesh.Seed.Models;

/// <summary>Names and sizes of OIP's datatypes, and shapes as people read them.</summary>
public static class Datatypes
{
    /// <summary>Bytes of one element; 0 for BYTES, whose elements carry their own length.</summary>
    public static int ElementSize(this TensorDatatype datatype) => datatype switch
    {
        TensorDatatype.BOOL or TensorDatatype.UINT8 or TensorDatatype.INT8 => 1,
        TensorDatatype.UINT16 or TensorDatatype.INT16 or TensorDatatype.FP16 => 2,
        TensorDatatype.UINT32 or TensorDatatype.INT32 or TensorDatatype.FP32 => 4,
        TensorDatatype.UINT64 or TensorDatatype.INT64 or TensorDatatype.FP64 => 8,
        TensorDatatype.BYTES => 0,
        _ => throw new ArgumentOutOfRangeException(nameof(datatype), datatype, "not a datatype"),
    };

    /// <summary>OIP's name of the datatype, without the allocation of <see cref="Enum.ToString()"/>.</summary>
    public static string Name(this TensorDatatype datatype) => datatype switch
    {
        TensorDatatype.BOOL => "BOOL",
        TensorDatatype.UINT8 => "UINT8",
        TensorDatatype.UINT16 => "UINT16",
        TensorDatatype.UINT32 => "UINT32",
        TensorDatatype.UINT64 => "UINT64",
        TensorDatatype.INT8 => "INT8",
        TensorDatatype.INT16 => "INT16",
        TensorDatatype.INT32 => "INT32",
        TensorDatatype.INT64 => "INT64",
        TensorDatatype.FP16 => "FP16",
        TensorDatatype.FP32 => "FP32",
        TensorDatatype.FP64 => "FP64",
        TensorDatatype.BYTES => "BYTES",
        _ => throw new ArgumentOutOfRangeException(nameof(datatype), datatype, "not a datatype"),
    };

    /// <summary>Knows exactly OIP's spelling; BF16 is not among the datatypes served.</summary>
    public static bool TryParse(string? name, out TensorDatatype datatype)
    {
        foreach (var candidate in All)
        {
            if (name == candidate.Name())
            {
                datatype = candidate;
                return true;
            }
        }

        datatype = default;
        return false;
    }

    /// <summary>For messages: <c>[-1,28,28]</c>.</summary>
    public static string Format(IEnumerable<long> shape) =>
        $"[{string.Join(',', shape.Select(dimension => dimension.ToString(CultureInfo.InvariantCulture)))}]";

    private static readonly TensorDatatype[] All = Enum.GetValues<TensorDatatype>();
}
