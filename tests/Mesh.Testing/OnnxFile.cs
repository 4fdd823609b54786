using System.Text;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Mesh.Testing;

/// <summary>
/// Writes tiny ONNX models by hand, for what the real ones cannot show. Field numbers are those of onnx.proto, whose element
/// types <see cref="TensorElementType"/> shares. In a shape -1 is a dimension with a name of its own; a null shape is left out.
/// </summary>
public static class OnnxFile
{
    /// <summary>One input <c>x</c> of any shape, copied to the output <c>y</c>.</summary>
    /// <param name="type">Of both.</param>
    /// <param name="producer">Makes files differ and gives them a length.</param>
    public static byte[] Identity(TensorElementType type, string producer = "") =>
        Join(Model([Node("Identity", ["x"], ["y"])], [Value("x", type, null)], [Value("y", type, null)]), Text(2, producer));

    /// <summary>A model whose outputs y0, y1, … are its inputs x0, x1, ….</summary>
    public static byte[] Identity(params (TensorElementType Type, long[]? Shape)[] tensors) => Model(
        [.. tensors.Select((_, i) => Node("Identity", [$"x{i}"], [$"y{i}"]))],
        [.. tensors.Select((tensor, i) => Value($"x{i}", tensor.Type, tensor.Shape))],
        [.. tensors.Select((tensor, i) => Value($"y{i}", tensor.Type, tensor.Shape))]);

    /// <summary><c>y</c> is <c>x</c> (FP32 [-1,-1]) after one operator that takes attributes.</summary>
    public static byte[] Rows(string type, params byte[][] attributes) => Model(
        [Node(type, ["x"], ["y"], attributes)], [Value("x", TensorElementType.Float, [-1, -1])], [Value("y", TensorElementType.Float, [-1, -1])]);

    /// <summary><c>y</c> is <c>x</c> (FP32 [-1,-1]) times itself as a matrix: defined for one row of one column, not for two.</summary>
    public static byte[] Square() => Model(
        [Node("MatMul", ["x", "x"], ["y"])], [Value("x", TensorElementType.Float, [-1, -1])], [Value("y", TensorElementType.Float, [-1, -1])]);

    public static byte[] Attribute(string name, long value) => Join(Text(1, name), Number(3, (ulong)value), Number(20, 2));

    /// <summary>A model of one input x0 that is a sequence of float tensors.</summary>
    public static byte[] SequenceIdentity()
    {
        var sequence = Bytes(4, Bytes(1, Bytes(1, Number(1, (ulong)TensorElementType.Float))));
        return Model([Node("Identity", ["x0"], ["y0"])], [Join(Text(1, "x0"), Bytes(2, sequence))], [Join(Text(1, "y0"), Bytes(2, sequence))]);
    }

    /// <summary>Two outputs of any shape: <c>first</c> = a (INT32), <c>second</c> = b (INT64).</summary>
    public static byte[] Pair() => Model(
        [Node("Identity", ["a"], ["first"]), Node("Identity", ["b"], ["second"])],
        [Value("a", TensorElementType.Int32, null), Value("b", TensorElementType.Int64, null)],
        [Value("first", TensorElementType.Int32, null), Value("second", TensorElementType.Int64, null)]);

    /// <summary>Two inputs handed on: <c>number</c> (INT32) and <c>text</c> (BYTES), each a vector, to <c>number_out</c> and <c>text_out</c>.</summary>
    public static byte[] NumberAndText() => Model(
        [Node("Identity", ["number"], ["number_out"]), Node("Identity", ["text"], ["text_out"])],
        [Value("number", TensorElementType.Int32, [-1]), Value("text", TensorElementType.String, [-1])],
        [Value("number_out", TensorElementType.Int32, [-1]), Value("text_out", TensorElementType.String, [-1])]);

    /// <summary>
    /// <c>y</c> is the vector <c>x</c> (FP32) doubled <c>trips</c> (scalar INT64) times, one loop iteration each: a request
    /// says itself how long it runs, some million iterations a second.
    /// </summary>
    public static byte[] DoublingLoop()
    {
        var body = Graph(
            [Node("Identity", ["go"], ["goOn"]), Node("Add", ["v", "v"], ["twice"])],
            [Value("i", TensorElementType.Int64, []), Value("go", TensorElementType.Bool, []), Value("v", TensorElementType.Float, [-1])],
            [Value("goOn", TensorElementType.Bool, []), Value("twice", TensorElementType.Float, [-1])]);
        return Model(
            [Node("Loop", ["trips", "", "x"], ["y"], Join(Text(1, "body"), Bytes(6, body), Number(20, 5)))],
            [Value("x", TensorElementType.Float, [-1]), Value("trips", TensorElementType.Int64, [])],
            [Value("y", TensorElementType.Float, [-1])]);
    }

    private static byte[] Model(byte[][] nodes, byte[][] inputs, byte[][] outputs) =>
        Join(Number(1, 8), Bytes(7, Graph(nodes, inputs, outputs)), Bytes(8, Join(Text(1, ""), Number(2, 16))));

    private static byte[] Graph(byte[][] nodes, byte[][] inputs, byte[][] outputs) => Join(
        [.. nodes.Select(node => Bytes(1, node)), Text(2, "g"), .. inputs.Select(value => Bytes(11, value)), .. outputs.Select(value => Bytes(12, value))]);

    private static byte[] Node(string type, string[] inputs, string[] outputs, params byte[][] attributes) => Join(
        [.. inputs.Select(name => Text(1, name)), .. outputs.Select(name => Text(2, name)), Text(4, type), .. attributes.Select(attribute => Bytes(5, attribute))]);

    private static byte[] Value(string name, TensorElementType type, long[]? shape)
    {
        var tensor = shape is null ? Number(1, (ulong)type) : Join(Number(1, (ulong)type), Bytes(2, Shape(name, shape)));
        return Join(Text(1, name), Bytes(2, Bytes(1, tensor)));
    }

    private static byte[] Shape(string name, long[] shape) =>
        Join([.. shape.Select((size, axis) => Bytes(1, size < 0 ? Text(2, $"{name}_{axis}") : Number(1, (ulong)size)))]);

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
