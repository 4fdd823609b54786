using System.Text;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Mesh.Process.Tests.Meshes;

/// <summary>Small ONNX models made by hand, for what the real ones cannot show. Field numbers are those of onnx.proto.</summary>
internal static class OnnxModels
{
    /// <summary>Two inputs handed on: <c>number</c> (INT32) and <c>text</c> (BYTES), each a vector, to <c>number_out</c> and <c>text_out</c>.</summary>
    public static byte[] Pair() => Model(
        [Node("Identity", ["number"], ["number_out"]), Node("Identity", ["text"], ["text_out"])],
        [Value("number", TensorElementType.Int32, vector: true), Value("text", TensorElementType.String, vector: true)],
        [Value("number_out", TensorElementType.Int32, vector: true), Value("text_out", TensorElementType.String, vector: true)]);

    /// <summary>
    /// <c>y</c> is the vector <c>x</c> (FP32) doubled <c>trips</c> (scalar INT64) times, one loop iteration each: a request
    /// says itself how long it runs, some million iterations a second.
    /// </summary>
    public static byte[] Doubling()
    {
        var body = Graph(
            [Node("Identity", ["go"], ["go_on"]), Node("Add", ["v", "v"], ["twice"])],
            [Value("i", TensorElementType.Int64), Value("go", TensorElementType.Bool), Value("v", TensorElementType.Float, vector: true)],
            [Value("go_on", TensorElementType.Bool), Value("twice", TensorElementType.Float, vector: true)]);
        return Model(
            [Node("Loop", ["trips", "", "x"], ["y"], Join(Text(1, "body"), Bytes(6, body), Number(20, 5)))],
            [Value("x", TensorElementType.Float, vector: true), Value("trips", TensorElementType.Int64)],
            [Value("y", TensorElementType.Float, vector: true)]);
    }

    private static byte[] Model(byte[][] nodes, byte[][] inputs, byte[][] outputs) =>
        Join(Number(1, 8), Bytes(7, Graph(nodes, inputs, outputs)), Bytes(8, Join(Text(1, ""), Number(2, 16))));

    private static byte[] Graph(byte[][] nodes, byte[][] inputs, byte[][] outputs) => Join(
        [.. nodes.Select(node => Bytes(1, node)), Text(2, "g"), .. inputs.Select(value => Bytes(11, value)), .. outputs.Select(value => Bytes(12, value))]);

    private static byte[] Node(string type, string[] inputs, string[] outputs, params byte[][] attributes) => Join(
        [.. inputs.Select(name => Text(1, name)), .. outputs.Select(name => Text(2, name)), Text(4, type), .. attributes.Select(attribute => Bytes(5, attribute))]);

    /// <summary>A vector of any length, or a scalar.</summary>
    private static byte[] Value(string name, TensorElementType type, bool vector = false)
    {
        var shape = vector ? Bytes(1, Text(2, "n_" + name)) : [];
        return Join(Text(1, name), Bytes(2, Bytes(1, Join(Number(1, (ulong)type), Bytes(2, shape)))));
    }

    private static byte[] Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    private static byte[] Bytes(int field, byte[] value) => Join(Varint((ulong)(field << 3 | 2)), Varint((ulong)value.Length), value);

    private static byte[] Number(int field, ulong value) => Join(Varint((ulong)(field << 3)), Varint(value));

    private static byte[] Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value > 0x7F; value >>= 7)
            bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        return [.. bytes];
    }

    private static byte[] Join(params byte[][] parts) => [.. parts.SelectMany(part => part)];
}
