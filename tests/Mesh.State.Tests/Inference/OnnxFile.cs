using System.Text;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Mesh.State.Tests.Inference;

/// <summary>Writes tiny ONNX models by hand. Field numbers are those of onnx.proto.</summary>
internal static class OnnxFile
{
    /// <summary>One input <c>x</c> of any shape, copied to the output <c>y</c>.</summary>
    /// <param name="type">Of both.</param>
    /// <param name="producer">Makes files differ and gives them a length.</param>
    public static byte[] Identity(TensorElementType type, string producer = "") => Join(
        Model([Node("Identity", ["x"], ["y"])], [Value("x", type)], [Value("y", type)]), Text(2, producer));

    /// <summary>Two outputs: <c>first</c> = a, <c>second</c> = b.</summary>
    public static byte[] Pair() => Model(
        [Node("Identity", ["a"], ["first"]), Node("Identity", ["b"], ["second"])],
        [Value("a", TensorElementType.Int32), Value("b", TensorElementType.Int64)],
        [Value("first", TensorElementType.Int32), Value("second", TensorElementType.Int64)]);

    /// <summary><c>y</c> = <c>x</c> (float) doubled <c>trips</c> (int64 scalar) times, one loop iteration each.</summary>
    public static byte[] DoublingLoop()
    {
        var body = Graph(
            [Node("Identity", ["go"], ["goOn"]), Node("Add", ["v", "v"], ["twice"])],
            [Value("i", TensorElementType.Int64, scalar: true), Value("go", TensorElementType.Bool, scalar: true), Value("v", TensorElementType.Float)],
            [Value("goOn", TensorElementType.Bool, scalar: true), Value("twice", TensorElementType.Float)]);
        var attribute = Join(Text(1, "body"), Bytes(6, body), Number(20, 5));
        return Model(
            [Node("Loop", ["trips", "", "x"], ["y"], attribute)],
            [Value("x", TensorElementType.Float), Value("trips", TensorElementType.Int64, scalar: true)],
            [Value("y", TensorElementType.Float)]);
    }

    private static byte[] Model(byte[][] nodes, byte[][] inputs, byte[][] outputs) =>
        Join(Number(1, 8), Bytes(7, Graph(nodes, inputs, outputs)), Bytes(8, Join(Text(1, ""), Number(2, 16))));

    private static byte[] Graph(byte[][] nodes, byte[][] inputs, byte[][] outputs) => Join(
        [.. nodes.Select(node => Bytes(1, node)), Text(2, "g"), .. inputs.Select(value => Bytes(11, value)), .. outputs.Select(value => Bytes(12, value))]);

    private static byte[] Node(string type, string[] inputs, string[] outputs, params byte[][] attributes) => Join(
        [.. inputs.Select(name => Text(1, name)), .. outputs.Select(name => Text(2, name)), Text(4, type), .. attributes.Select(attribute => Bytes(5, attribute))]);

    // Without a shape any rank is accepted; an empty shape is a scalar.
    private static byte[] Value(string name, TensorElementType type, bool scalar = false)
    {
        var tensor = scalar ? Join(Number(1, (ulong)type), Bytes(2, [])) : Number(1, (ulong)type);
        return Join(Text(1, name), Bytes(2, Bytes(1, tensor)));
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
