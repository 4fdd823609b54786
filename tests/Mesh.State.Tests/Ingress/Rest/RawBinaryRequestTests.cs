using Mesh.Seed.Ingress.Rest;
using Mesh.Seed.Models;
using static Mesh.State.Tests.Ingress.Samples;

namespace Mesh.State.Tests.Ingress.Rest;

public sealed class RawBinaryRequestTests
{
    [Theory]
    [InlineData(new long[] { 2, 3 }, 6, new long[] { 2, 3 })]
    [InlineData(new long[] { -1, 3 }, 6, new long[] { 2, 3 })]
    [InlineData(new long[] { -1, -1, 3 }, 6, new long[] { 1, 2, 3 })]
    public void The_shape_follows_from_the_length(long[] spec, int elements, long[] expected)
    {
        var model = Model((TensorDatatype.INT16, spec));
        var request = RawBinaryRequest.Read(model, new byte[elements * 2]);
        Assert.Equal(expected, Assert.Single(request.Inputs).Shape);
        Assert.Equal([true], OutputForms.Read(model, request));
    }

    [Fact]
    public void A_body_of_BYTES_is_one_element() =>
        Assert.Equal([2, 0, 0, 0, 7, 8], RawBinaryRequest.Read(Model((TensorDatatype.BYTES, [-1])), new byte[] { 7, 8 }).Inputs[0].Data.ToArray());

    [Fact]
    public void What_leaves_the_shape_open_is_refused()
    {
        Assert.Contains("needs a model with one input; m/1 has 2", Refused(() => RawBinaryRequest.Read(Model((TensorDatatype.INT8, [1]), (TensorDatatype.INT8, [1])), new byte[1])), StringComparison.Ordinal);
        Assert.Contains("leaves at most one dimension open", Refused(() => RawBinaryRequest.Read(Model((TensorDatatype.INT8, [-1, -1, -1])), new byte[1])), StringComparison.Ordinal);
        Assert.Contains("5 bytes are no whole number of steps", Refused(() => RawBinaryRequest.Read(Model((TensorDatatype.INT8, [-1, 3])), new byte[5])), StringComparison.Ordinal);
        Assert.Contains("0 bytes are no whole number of steps", Refused(() => RawBinaryRequest.Read(Model((TensorDatatype.INT8, [-1])), ReadOnlyMemory<byte>.Empty)), StringComparison.Ordinal);
        Assert.Contains("carries one BYTES element", Refused(() => RawBinaryRequest.Read(Model((TensorDatatype.BYTES, [-1, 3])), new byte[5])), StringComparison.Ordinal);
    }
}
