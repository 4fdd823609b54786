using System.Text.Json;
using FsCheck.Xunit;
using Mesh.Messages;
using Mesh.Seed.Ingress;
using Mesh.Seed.Ingress.Rest;
using Mesh.Seed.Models;
using static Mesh.State.Tests.Ingress.Samples;

namespace Mesh.State.Tests.Ingress.Rest;

public sealed class InferResponseWriterTests
{
    [Fact]
    public void JSON_and_binary_outputs_stand_in_their_order()
    {
        var model = Model((TensorDatatype.FP32, [-1]), (TensorDatatype.FP16, [-1]), (TensorDatatype.UINT8, [-1]));
        var outcome = Ok(new([2], Bytes(0.1f, -2f)), new([1], new byte[] { 1, 2 }), new([2], new byte[] { 3, 4 }));
        var (json, tail) = Write(model, outcome, "id-1", false, true, true);
        Assert.Equal(
            """
            {"model_name":"m","model_version":"1","id":"id-1","parameters":{"mesh_vehicle":"V-001","mesh_attempts":1,"mesh_queue_us":70,"mesh_infer_us":500,"mesh_network_us":0,"mesh_hedged":false},"outputs":[{"name":"y0","datatype":"FP32","shape":[2],"data":[0.1,-2]},{"name":"y1","datatype":"FP16","shape":[1],"parameters":{"binary_data_size":2}},{"name":"y2","datatype":"UINT8","shape":[2],"parameters":{"binary_data_size":2}}]}
            """,
            json);
        Assert.Equal([1, 2, 3, 4], tail);
    }

    [Fact]
    public void Without_binary_bytes_there_is_no_header_length()
    {
        using var body = new PooledBuffer();
        var model = Model((TensorDatatype.FP32, [-1]));
        Assert.Null(InferResponseWriter.Write(Answer(model, Ok(new RawTensor([0], ReadOnlyMemory<byte>.Empty)), null), [true], body));
    }

    [Fact]
    public void A_request_without_an_id_gets_none_back() =>
        Assert.DoesNotContain("\"id\"", Write(Model((TensorDatatype.BOOL, [1])), Ok(new RawTensor([1], new byte[] { 1 })), null, false).Json, StringComparison.Ordinal);

    [Theory]
    [InlineData(TensorDatatype.BOOL, new byte[] { 0, 1 }, "[false,true]")]
    [InlineData(TensorDatatype.UINT8, new byte[] { 255 }, "[255]")]
    [InlineData(TensorDatatype.INT8, new byte[] { 255 }, "[-1]")]
    [InlineData(TensorDatatype.UINT16, new byte[] { 255, 255 }, "[65535]")]
    [InlineData(TensorDatatype.INT16, new byte[] { 255, 255 }, "[-1]")]
    [InlineData(TensorDatatype.UINT32, new byte[] { 255, 255, 255, 255 }, "[4294967295]")]
    [InlineData(TensorDatatype.INT32, new byte[] { 255, 255, 255, 255 }, "[-1]")]
    [InlineData(TensorDatatype.UINT64, new byte[] { 255, 255, 255, 255, 255, 255, 255, 255 }, "[18446744073709551615]")]
    [InlineData(TensorDatatype.INT64, new byte[] { 255, 255, 255, 255, 255, 255, 255, 255 }, "[-1]")]
    [InlineData(TensorDatatype.BYTES, new byte[] { 3, 0, 0, 0, 0xc3, 0xa9, 34, 0, 0, 0, 0 }, "[\"é\\\"\",\"\"]")]
    public void Every_datatype_has_its_JSON(TensorDatatype datatype, byte[] data, string expected)
    {
        var (json, _) = Write(Model((datatype, [-1])), Ok(new RawTensor([1], data)), null, false);
        Assert.Contains($"\"data\":{expected}}}", json, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Values_that_JSON_lacks_are_refused_with_the_way_out(float value)
    {
        var refused = Refused(() => Write(Model((TensorDatatype.FP32, [-1])), Ok(new RawTensor([1], Bytes(value))), null, false));
        Assert.Contains("output 'y0' holds NaN or Infinity, which JSON cannot express: ask for it with parameter 'binary_data'", refused, StringComparison.Ordinal);
        Assert.Equal(Bytes(value), Write(Model((TensorDatatype.FP32, [-1])), Ok(new RawTensor([1], Bytes(value))), null, true).Tail);
    }

    [Fact]
    public void Bytes_that_are_no_text_are_refused_with_the_way_out() => Assert.Contains(
        "output 'y0' holds bytes that are not UTF-8 text: ask for it with",
        Refused(() => Write(Model((TensorDatatype.BYTES, [-1])), Ok(new RawTensor([1], new byte[] { 1, 0, 0, 0, 0xff })), null, false)),
        StringComparison.Ordinal);

    [Property(MaxTest = 500)]
    public bool Every_finite_float_and_double_survives(int bits, long wideBits)
    {
        var (narrow, wide) = (BitConverter.Int32BitsToSingle(bits), BitConverter.Int64BitsToDouble(wideBits));
        narrow = float.IsFinite(narrow) ? narrow : 0;
        wide = double.IsFinite(wide) ? wide : 0;
        var model = Model((TensorDatatype.FP32, [-1]), (TensorDatatype.FP64, [-1]));
        using var json = JsonDocument.Parse(Write(model, Ok(new([1], Bytes(narrow)), new([1], Bytes(wide))), null, false, false).Json);
        var outputs = json.RootElement.GetProperty("outputs");
        return Bytes(outputs[0].GetProperty("data")[0].GetSingle()).SequenceEqual(Bytes(narrow))
            && Bytes(outputs[1].GetProperty("data")[0].GetDouble()).SequenceEqual(Bytes(wide));
    }

    [Fact]
    public void The_form_of_each_output_follows_its_own_parameter_then_the_requests()
    {
        var model = Model((TensorDatatype.FP32, [1]), (TensorDatatype.FP32, [1]));
        var all = new Dictionary<string, Parameter> { ["binary_data_output"] = Parameter.Of(true) };
        var not = new Dictionary<string, Parameter> { ["binary_data"] = Parameter.Of(false) };
        Assert.Equal([false, false], OutputForms.Read(model, Request()));
        Assert.Equal([true, true], OutputForms.Read(model, Request() with { Parameters = all }));
        Assert.Equal([true, false], OutputForms.Read(model, Request() with { Parameters = all, Outputs = [new("y1", Parameter.None), new("y0", not)] }));
        var half = Model((TensorDatatype.FP16, [1]));
        Assert.Contains("output 'y0' has datatype FP16", Refused(() => OutputForms.Read(half, Request())), StringComparison.Ordinal);
        Assert.Equal([true], OutputForms.Read(half, Request() with { Parameters = all }));
    }

    private static InferenceAnswer Answer(ServedModel model, Seed.Routing.InferenceOutcome outcome, string? id) =>
        new(model, Request() with { Id = id }, model.Outputs, outcome);

    private static (string Json, byte[] Tail) Write(ServedModel model, Seed.Routing.InferenceOutcome outcome, string? id, params bool[] binary)
    {
        using var body = new PooledBuffer(16);
        var length = InferResponseWriter.Write(Answer(model, outcome, id), binary, body) ?? body.Length;
        return (System.Text.Encoding.UTF8.GetString(body.Written.Span[..length]), body.Written[length..].ToArray());
    }
}
