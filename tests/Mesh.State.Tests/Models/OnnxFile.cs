using Google.Protobuf;

namespace Mesh.State.Tests.Models;

/// <summary>Element types of onnx.proto's TensorProto.</summary>
internal enum OnnxType
{
    Float = 1,
    UInt8 = 2,
    Int8 = 3,
    UInt16 = 4,
    Int16 = 5,
    Int32 = 6,
    Int64 = 7,
    Text = 8,
    Bool = 9,
    Float16 = 10,
    Double = 11,
    UInt32 = 12,
    UInt64 = 13,
    Complex64 = 14,
    BFloat16 = 16,
}

/// <summary>Writes small ONNX models field by field, so that a test can have any signature without an exporter.</summary>
internal static class OnnxFile
{
    /// <summary>A model whose outputs y0, y1, … are its inputs x0, x1, ….</summary>
    /// <param name="tensors">-1 = a dimension with a name of its own; a null shape is left out of the file.</param>
    public static byte[] Identity(params (OnnxType Type, long[]? Shape)[] tensors) =>
        Model([.. tensors.Select((tensor, i) => (Identity($"x{i}", $"y{i}"), Tensor($"x{i}", tensor.Type, tensor.Shape), Tensor($"y{i}", tensor.Type, tensor.Shape)))]);

    /// <summary>A model of one input x0 that is a sequence of float tensors.</summary>
    public static byte[] SequenceIdentity()
    {
        var element = Message(output => Field(output, 1, Message(tensor => Field(tensor, 1, (long)OnnxType.Float))));
        var type = Message(output => Field(output, 4, Message(sequence => Field(sequence, 1, element))));
        return Model([(Identity("x0", "y0"), Value("x0", type), Value("y0", type))]);
    }

    private static byte[] Model((byte[] Node, byte[] Input, byte[] Output)[] parts)
    {
        var graph = Message(output =>
        {
            foreach (var (node, _, _) in parts)
                Field(output, 1, node);
            Field(output, 2, "graph"u8.ToArray());
            foreach (var (_, input, _) in parts)
                Field(output, 11, input);
            foreach (var (_, _, result) in parts)
                Field(output, 12, result);
        });
        return Message(output =>
        {
            Field(output, 1, 8L);
            Field(output, 7, graph);
            Field(output, 8, Message(opset => Field(opset, 2, 16L)));
        });
    }

    private static byte[] Identity(string input, string output) => Message(node =>
    {
        Field(node, 1, Text(input));
        Field(node, 2, Text(output));
        Field(node, 4, Text("Identity"));
    });

    private static byte[] Tensor(string name, OnnxType type, long[]? shape) => Value(name, Message(output => Field(output, 1, Message(tensor =>
    {
        Field(tensor, 1, (long)type);
        if (shape is not null)
            Field(tensor, 2, Shape(shape));
    }))));

    private static byte[] Shape(long[] shape) => Message(output =>
    {
        for (var i = 0; i < shape.Length; i++)
        {
            var axis = i;
            Field(output, 1, Message(dimension =>
            {
                if (shape[axis] < 0)
                    Field(dimension, 2, Text($"n{axis}"));
                else
                    Field(dimension, 1, shape[axis]);
            }));
        }
    });

    private static byte[] Value(string name, byte[] type) => Message(output =>
    {
        Field(output, 1, Text(name));
        Field(output, 2, type);
    });

    private static byte[] Text(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
            write(output);
        return stream.ToArray();
    }

    private static void Field(CodedOutputStream output, int number, byte[] value)
    {
        output.WriteTag(number, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(value));
    }

    private static void Field(CodedOutputStream output, int number, long value)
    {
        output.WriteTag(number, WireFormat.WireType.Varint);
        output.WriteInt64(value);
    }
}
