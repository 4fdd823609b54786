using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Mesh.Messages;
using Mesh.Node.Inference;
using Mesh.Testing;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Mesh.State.Tests.Inference;

public sealed class OnnxModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Fashion_pictures_give_what_a_direct_run_gives_and_mostly_their_labels()
    {
        using var model = OnnxModel.Load(Checkout.Artifact("fashion_cnn"), 1);
        var result = Run(model, FashionPictures.Tensor(0, FashionPictures.Count));

        Assert.Equal((AttemptOutcome.Ok, ""), (result.Outcome, result.Error));
        Assert.Equal([500, 10], result.Outputs[0].Shape);
        var probabilities = MemoryMarshal.Cast<byte, float>(result.Outputs[0].Data.Span);
        Assert.Equal(Direct("fashion_cnn", FashionPictures.Values(0, 500), [500, 1, 28, 28])[0], probabilities.ToArray());
        var right = 0;
        for (var i = 0; i < FashionPictures.Count; i++)
        {
            var row = probabilities.Slice(i * 10, 10);
            right += row.IndexOf(row.ToArray().Max()) == FashionPictures.Labels[i] ? 1 : 0;
        }

        Assert.InRange(right, 440, 480); // 91 % on the whole test set
    }

    [Theory]
    [InlineData("lande", new long[] { 3, 620 })]
    [InlineData("blazeface", new long[] { 1, 128, 128, 3 })]
    public void A_real_model_gives_what_a_direct_run_gives_for_every_output(string name, long[] shape)
    {
        var values = Enumerable.Range(0, (int)shape.Aggregate(1L, (product, size) => product * size)).Select(i => MathF.Sin(i)).ToArray();
        using var model = OnnxModel.Load(Checkout.Artifact(name), 1);
        var result = Run(model, new RawTensor(shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray()));

        Assert.Equal(AttemptOutcome.Ok, result.Outcome);
        Assert.Equal(Direct(name, values, shape), result.Outputs.Select(output => MemoryMarshal.Cast<byte, float>(output.Data.Span).ToArray()));
    }

    [Theory]
    [InlineData(TensorElementType.Bool, 1)]
    [InlineData(TensorElementType.Int8, 1)]
    [InlineData(TensorElementType.UInt8, 1)]
    [InlineData(TensorElementType.Int16, 2)]
    [InlineData(TensorElementType.UInt16, 2)]
    [InlineData(TensorElementType.Float16, 2)]
    [InlineData(TensorElementType.Int32, 4)]
    [InlineData(TensorElementType.UInt32, 4)]
    [InlineData(TensorElementType.Float, 4)]
    [InlineData(TensorElementType.Int64, 8)]
    [InlineData(TensorElementType.UInt64, 8)]
    [InlineData(TensorElementType.Double, 8)]
    public void Each_fixed_size_type_goes_through_unchanged(TensorElementType type, int size)
    {
        using var model = Load(OnnxFile.Identity(type));
        foreach (var shape in (long[][])[[2, 3], [], [0], [4, 0, 2]])
        {
            var bytes = Pattern(type, (int)shape.Aggregate(1L, (product, dimension) => product * dimension) * size);
            AssertSame(Run(model, new RawTensor(shape, bytes)), shape, bytes);

            // The same, from within a frame, at an address that fits no element.
            var frame = new byte[bytes.Length + 3];
            bytes.CopyTo(frame, 3);
            AssertSame(Run(model, new RawTensor(shape, frame.AsMemory(3))), shape, bytes);
        }
    }

    [Fact]
    public void Bytes_go_through_unchanged_whatever_they_hold()
    {
        using var model = Load(OnnxFile.Identity(TensorElementType.String));
        var elements = Elements("plain"u8, ""u8, "Grüße"u8, [0, 255, 0, 128], new byte[70_000]);
        AssertSame(Run(model, new RawTensor([5, 1], elements)), [5, 1], elements);
        AssertSame(Run(model, new RawTensor([0, 7], Array.Empty<byte>())), [0, 7], []);
        AssertSame(Run(model, new RawTensor([], Elements("alone"u8))), [], Elements("alone"u8));
    }

    [Theory]
    [InlineData(new long[] { 2 }, 4, "2 elements of 4 bytes, but 4 bytes came")]
    [InlineData(new long[] { 2 }, 12, "2 elements of 4 bytes, but 12 bytes came")]
    [InlineData(new long[] { -1 }, 4, "negative dimension")]
    [InlineData(new long[] { -1, -1 }, 4, "negative dimension")]
    [InlineData(new long[] { 1L << 32, 1L << 32 }, 0, "more elements than can be counted")]
    [InlineData(new long[] { 1L << 62, 4, 0 }, 0, "more elements than can be counted")]
    [InlineData(new long[] { 1L << 62 }, 0, "elements of 4 bytes, but 0 bytes came")]
    [InlineData(new long[] { long.MaxValue }, 4, "elements of 4 bytes, but 4 bytes came")]
    public void Contents_that_do_not_fit_the_shape_never_reach_native_code(long[] shape, int bytes, string reason)
    {
        using var model = Load(OnnxFile.Identity(TensorElementType.Int32));
        AssertInvalid(Run(model, new RawTensor(shape, new byte[bytes])), reason);
    }

    [Fact]
    public void Malformed_bytes_elements_are_refused()
    {
        using var model = Load(OnnxFile.Identity(TensorElementType.String));
        AssertInvalid(Run(model, new RawTensor([2], Elements("ab"u8))), "cannot hold so many");
        AssertInvalid(Run(model, new RawTensor([1], new byte[] { 1, 0, 0 })), "cannot hold so many");
        AssertInvalid(Run(model, new RawTensor([2], Elements("abcdef"u8))), "ends within the length");
        AssertInvalid(Run(model, new RawTensor([1], new byte[] { 255, 255, 255, 255, 1 })), "claims 4294967295 bytes, but 1 are left");
        AssertInvalid(Run(model, new RawTensor([1], Elements("a"u8, "b"u8))), "bytes beyond");
        AssertInvalid(Run(model, new RawTensor([0], new byte[4])), "bytes beyond");
        AssertInvalid(Run(model, new RawTensor([1L << 40], Elements("a"u8))), "cannot hold so many");
    }

    [Fact]
    public void A_boolean_is_0_or_1()
    {
        using var model = Load(OnnxFile.Identity(TensorElementType.Bool));
        AssertInvalid(Run(model, new RawTensor([2], new byte[] { 1, 2 })), "other than 0 and 1");
    }

    [Fact]
    public void What_the_model_itself_refuses_is_invalid()
    {
        using var model = OnnxModel.Load(Checkout.Artifact("fashion_cnn"), 1);
        AssertInvalid(Run(model, new RawTensor([1, 1, 28, 27], new byte[28 * 27 * 4])), "Expected: 28");
        AssertInvalid(Run(model, new RawTensor([28, 28], new byte[28 * 28 * 4])), "The model refuses");
        AssertInvalid(Run(model), "1 inputs, but 0 tensors came");
        AssertInvalid(model.Run([FashionPictures.Tensor(0, 1)], [1], new RunTermination()), "has 1 outputs");
        AssertInvalid(model.Run([FashionPictures.Tensor(0, 1)], [0, 0], new RunTermination()), "asked twice");
    }

    [Fact]
    public void Inputs_and_outputs_go_by_position()
    {
        using var model = Load(OnnxFile.Pair());
        RawTensor[] inputs = [new([1], BitConverter.GetBytes(7)), new([1], BitConverter.GetBytes(8L))];

        Assert.Equal([4, 8], Run(model, inputs).Outputs.Select(output => output.Data.Length));
        Assert.Equal([8, 4], model.Run(inputs, [1, 0], new RunTermination()).Outputs.Select(output => output.Data.Length));
        Assert.Equal(8L, BitConverter.ToInt64(model.Run(inputs, [1], new RunTermination()).Outputs.Single().Data.Span));
    }

    [Fact]
    public void A_run_terminated_before_it_starts_is_cancelled_and_the_next_one_is_not()
    {
        using var model = Load(OnnxFile.DoublingLoop());
        var termination = new RunTermination();
        termination.Request();
        RawTensor[] inputs = [EngineHarness.Floats(1.5f), EngineHarness.Scalar(3)];

        Assert.Equal(AttemptOutcome.Cancelled, model.Run(inputs, [], termination).Outcome);
        Assert.Equal(12f, BitConverter.ToSingle(Run(model, inputs).Outputs[0].Data.Span));
        termination.Request(); // after the run: no effect
    }

    [Fact]
    public void A_file_that_is_no_model_and_a_type_that_is_not_served_say_why()
    {
        var garbage = Assert.Throws<ModelUnavailableException>(() => Load("no model"u8.ToArray())).Message;
        Assert.Contains("ONNX Runtime cannot load it", garbage, StringComparison.Ordinal);
        Assert.DoesNotContain(_folder.Path, garbage, StringComparison.Ordinal);
        var truncated = File.ReadAllBytes(Checkout.Artifact("lande"))[..100_000];
        Assert.Throws<ModelUnavailableException>(() => Load(truncated));
        var unserved = Assert.Throws<ModelUnavailableException>(() => Load(OnnxFile.Identity(TensorElementType.BFloat16))).Message;
        Assert.Contains("has type BFloat16, which is not served", unserved, StringComparison.Ordinal);
    }

    private static RunResult Run(OnnxModel model, params RawTensor[] inputs) => model.Run(inputs, [], new RunTermination());

    private static void AssertSame(RunResult result, long[] shape, byte[] bytes)
    {
        Assert.Equal((AttemptOutcome.Ok, ""), (result.Outcome, result.Error));
        Assert.Equal(shape, result.Outputs.Single().Shape);
        Assert.Equal(bytes, result.Outputs.Single().Data.ToArray());
    }

    private static void AssertInvalid(RunResult result, string reason)
    {
        Assert.Equal(AttemptOutcome.Invalid, result.Outcome);
        Assert.Contains(reason, result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Outputs);
    }

    private static byte[] Pattern(TensorElementType type, int length) =>
        [.. Enumerable.Range(0, length).Select(i => (byte)(type == TensorElementType.Bool ? i % 2 : i * 37 + 11))];

    private static byte[] Elements(ReadOnlySpan<byte> single) => ElementsOf([single.ToArray()]);

    private static byte[] Elements(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) => ElementsOf([first.ToArray(), second.ToArray()]);

    private static byte[] Elements(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, ReadOnlySpan<byte> c, byte[] d, byte[] e) =>
        ElementsOf([a.ToArray(), b.ToArray(), c.ToArray(), d, e]);

    private static byte[] ElementsOf(byte[][] elements) => [.. elements.SelectMany(element =>
    {
        var prefix = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(prefix, element.Length);
        return prefix.Concat(element);
    })];

    private static float[][] Direct(string name, float[] values, long[] shape)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1 };
        using var session = new InferenceSession(Checkout.Artifact(name), options);
        using var input = OrtValue.CreateTensorValueFromMemory(values, shape);
        using var run = new RunOptions();
        using var outputs = session.Run(run, session.InputNames, [input], session.OutputNames);
        return [.. outputs.Select(output => output.GetTensorDataAsSpan<float>().ToArray())];
    }

    private OnnxModel Load(byte[] content)
    {
        var path = Path.Combine(_folder.Path, Guid.NewGuid().ToString("N") + ".onnx");
        File.WriteAllBytes(path, content);
        return OnnxModel.Load(path, 1);
    }
}
