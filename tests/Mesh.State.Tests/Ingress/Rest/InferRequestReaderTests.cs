using System.Globalization;
using System.Text;
using System.Text.Json;
using FsCheck.Xunit;
using Mesh.Seed.Ingress;
using Mesh.Seed.Ingress.Rest;
using Mesh.Seed.Models;
using static Mesh.State.Tests.Ingress.Samples;

namespace Mesh.State.Tests.Ingress.Rest;

public sealed class InferRequestReaderTests
{
    [Fact]
    public void A_usual_request_is_read()
    {
        var request = ReadJson("""
            {"id":"42","parameters":{"timeout":1000,"custom":"a","flag":true,"ratio":0.5},
             "inputs":[{"name":"x0","shape":[2,2],"datatype":"FP32","data":[[1,2.5],[-3e-2,4]]}],
             "outputs":[{"name":"y0","parameters":{"binary_data":true}}],"unknown":{"is":["ignored"]}}
            """);
        Assert.Equal("42", request.Id);
        Assert.Equal(Parameter.Of(1000L), request.Parameters["timeout"]);
        Assert.Equal(Parameter.Of("a"), request.Parameters["custom"]);
        Assert.Equal(Parameter.Of(true), request.Parameters["flag"]);
        Assert.Equal(Parameter.Of(0.5), request.Parameters["ratio"]);
        var input = Assert.Single(request.Inputs);
        Assert.Equal([2, 2], input.Shape);
        Assert.Equal(Bytes(1f, 2.5f, -0.03f, 4f), input.Data.ToArray());
        Assert.Equal(Parameter.Of(true), Assert.Single(request.Outputs).Parameters["binary_data"]);
    }

    [Theory]
    [InlineData("""{"name":"x0","shape":[3],"datatype":"INT16","data":[1,-2,3]}""")]
    [InlineData("""{"data":[1,-2,3],"datatype":"INT16","shape":[3],"name":"x0"}""")]
    [InlineData("""{"datatype":"INT16","data":[[1],[-2,3]],"name":"x0","shape":[3]}""")]
    [InlineData("""{"name":"x0","data": [ 1 , [ [ -2 ] ] , 3 ] ,"shape":[3],"datatype":"INT16"}""")]
    public void Fields_may_come_in_any_order_and_data_nested_in_any_way(string input)
    {
        var read = Assert.Single(ReadJson($$"""{"inputs":[{{input}}]}""").Inputs);
        Assert.Equal(("x0", TensorDatatype.INT16), (read.Name, read.Datatype));
        Assert.Equal(Bytes<short>(1, -2, 3), read.Data.ToArray());
    }

    [Theory]
    [InlineData("BOOL", "true,false", new byte[] { 1, 0 })]
    [InlineData("UINT8", "0,255", new byte[] { 0, 255 })]
    [InlineData("INT8", "-128,127", new byte[] { 0x80, 0x7f })]
    [InlineData("UINT16", "65535", new byte[] { 0xff, 0xff })]
    [InlineData("INT16", "-32768", new byte[] { 0x00, 0x80 })]
    [InlineData("UINT32", "4294967295", new byte[] { 0xff, 0xff, 0xff, 0xff })]
    [InlineData("INT32", "-2147483648", new byte[] { 0, 0, 0, 0x80 })]
    [InlineData("UINT64", "18446744073709551615", new byte[] { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff })]
    [InlineData("INT64", "-9223372036854775808", new byte[] { 0, 0, 0, 0, 0, 0, 0, 0x80 })]
    [InlineData("FP64", "-0.0", new byte[] { 0, 0, 0, 0, 0, 0, 0, 0x80 })]
    [InlineData("BYTES", "\"a\\u00e9\\n\",\"\"", new byte[] { 4, 0, 0, 0, 97, 0xc3, 0xa9, 10, 0, 0, 0, 0 })]
    public void Every_datatype_becomes_little_endian_bytes(string datatype, string data, byte[] expected) =>
        Assert.Equal(expected, ReadData(datatype, data));

    [Theory]
    [InlineData("UINT8", "256", "element 0 of its data must be a UINT8, got 256")]
    [InlineData("UINT8", "1,-1", "element 1 of its data must be a UINT8, got -1")]
    [InlineData("INT8", "128", "must be a INT8, got 128")]
    [InlineData("INT16", "32768", "got 32768")]
    [InlineData("UINT16", "65536", "got 65536")]
    [InlineData("INT32", "2147483648", "got 2147483648")]
    [InlineData("UINT32", "4294967296", "got 4294967296")]
    [InlineData("INT64", "9223372036854775808", "got 9223372036854775808")]
    [InlineData("UINT64", "18446744073709551616", "got 18446744073709551616")]
    [InlineData("INT32", "1.5", "must be a INT32, got 1.5")]
    [InlineData("FP32", "1e39", "must be a FP32, got 1e39 (not of that type or out of its range)")]
    [InlineData("FP64", "1e309", "must be a FP64, got 1e309")]
    [InlineData("FP32", "\"NaN\"", "must be a FP32, got the text \"NaN\"")]
    [InlineData("FP32", "null", "must be a FP32, got null")]
    [InlineData("FP32", "{}", "must be a FP32, got an object")]
    [InlineData("BOOL", "1", "must be a BOOL, got 1")]
    [InlineData("BYTES", "1", "must be a BYTES, got 1")]
    [InlineData("FP32", "NaN", "the body is not valid JSON: 'N' is an invalid start of a value")]
    [InlineData("FP32", "Infinity", "the body is not valid JSON")]
    [InlineData("FP32", "1,", "the body is not valid JSON")]
    [InlineData("BYTES", "\"\\ud800\"", "element 0 is not valid Unicode text")]
    [InlineData("FP16", "1", "FP16 has no JSON form here: send it as binary data")]
    [InlineData("BF16", "1", "datatype BF16 of inputs[0] is not supported")]
    [InlineData("fp32", "1", "'fp32' of inputs[0] is not a datatype")]
    public void Elements_that_cannot_be_are_refused_whether_data_comes_first_or_last(string datatype, string data, string expected)
    {
        Assert.Contains(expected, Refused(() => ReadData(datatype, data)), StringComparison.Ordinal);
        Assert.Contains(expected, Refused(() => ReadJson($$"""{"inputs":[{"data":[{{data}}],"name":"x0","shape":[1],"datatype":"{{datatype}}"}]}""")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "the body is not valid JSON")]
    [InlineData("[]", "the body must be a JSON object")]
    [InlineData("{", "the body is not valid JSON")]
    [InlineData("{}", "'inputs' is missing")]
    [InlineData("{\"inputs\":[]} x", "the body is not valid JSON")]
    [InlineData("{\"inputs\":{}}", "'inputs' must be an array")]
    [InlineData("{\"inputs\":[1]}", "inputs[0] must be an object")]
    [InlineData("{\"inputs\":[],\"inputs\":[]}", "'inputs' stands twice")]
    [InlineData("{\"id\":7}", "'id' must be a string")]
    [InlineData("{\"parameters\":{\"a\":[1]}}", "parameter 'a' of the request must be a string, a number or a boolean")]
    [InlineData("{\"inputs\":[{\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1]}]}", "'name' is missing in inputs[0]")]
    [InlineData("{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"data\":[1]}]}", "input 'x': 'shape' is missing")]
    [InlineData("{\"inputs\":[{\"name\":\"x\",\"shape\":[1],\"data\":[1]}]}", "input 'x': 'datatype' is missing")]
    [InlineData("{\"inputs\":[{\"name\":\"x\",\"shape\":[1],\"datatype\":\"FP32\"}]}", "exactly one of 'data' and parameter 'binary_data_size' must be there, got neither")]
    [InlineData("{\"inputs\":[{\"name\":\"x\",\"shape\":[1.5],\"datatype\":\"FP32\",\"data\":[1]}]}", "dimension 0 in the shape of inputs[0] is not a 64-bit integer")]
    [InlineData("{\"inputs\":[{\"name\":\"x\",\"shape\":[99999999999999999999],\"datatype\":\"FP32\",\"data\":[1]}]}", "dimension 0 in the shape of inputs[0] is not a 64-bit integer")]
    [InlineData("{\"inputs\":[{\"name\":\"x\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":1}]}", "'data' must be an array")]
    [InlineData("{\"inputs\":[{\"name\":\"x\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1],\"data\":[2]}]}", "'data' stands twice in inputs[0]")]
    [InlineData("{\"inputs\":[],\"outputs\":[{}]}", "'name' is missing in outputs[0]")]
    public void A_body_without_the_form_of_a_request_is_refused(string json, string expected) =>
        Assert.Contains(expected, Refused(() => ReadJson(json)), StringComparison.Ordinal);

    [Fact]
    public void A_claimed_shape_reserves_no_memory_that_the_body_cannot_fill()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var input = ReadJson("""{"inputs":[{"name":"x","shape":[4611686018427387904],"datatype":"FP64","data":[1]}]}""").Inputs[0];
        Assert.Equal(8, input.Data.Length);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000);
    }

    [Fact]
    public void Binary_blocks_are_taken_in_the_order_of_the_inputs_and_mix_with_JSON()
    {
        var request = ReadJson(
            """
            {"inputs":[{"name":"a","shape":[2],"datatype":"FP16","parameters":{"binary_data_size":4}},
                       {"name":"b","shape":[1],"datatype":"UINT8","data":[9]},
                       {"name":"c","shape":[0],"datatype":"UINT8","parameters":{"binary_data_size":0}},
                       {"name":"d","shape":[1],"datatype":"UINT8","parameters":{"binary_data_size":1}}]}
            """,
            1, 2, 3, 4, 5);
        Assert.Equal([[1, 2, 3, 4], [9], [], [5]], request.Inputs.Select(input => input.Data.ToArray()));
    }

    [Theory]
    [InlineData("5", 4, "its binary_data_size is 5 bytes, but 1 of them are missing at the end of the body")]
    [InlineData("3", 4, "1 bytes at the end of the body belong to no input's binary_data_size")]
    [InlineData("-1", 4, "parameter 'binary_data_size' must be a whole number of bytes")]
    [InlineData("\"4\"", 4, "parameter 'binary_data_size' must be a whole number of bytes")]
    [InlineData("9223372036854775807", 4, "are missing at the end of the body")]
    [InlineData("4},\"data\":[1],\"x\":{", 4, "exactly one of 'data' and parameter 'binary_data_size' must be there, got both")]
    public void Binary_sizes_that_do_not_fit_the_body_are_refused(string size, int tail, string expected) => Assert.Contains(
        expected,
        Refused(() => ReadJson($$$"""{"inputs":[{"name":"a","shape":[1],"datatype":"FP32","parameters":{"binary_data_size":{{{size}}}}}]}""", new byte[tail])),
        StringComparison.Ordinal);

    [Property(MaxTest = 300)]
    public bool Any_text_is_read_or_refused_and_nothing_else(string? text)
    {
        try
        {
            ReadJson(text ?? "");
            return true;
        }
        catch (RequestRefusedException)
        {
            return true;
        }
    }

    [Property(MaxTest = 300)]
    public bool A_request_with_any_byte_changed_is_read_or_refused(int position, byte value)
    {
        var body = """{"id":"1","parameters":{"timeout":5},"inputs":[{"name":"a","shape":[2],"datatype":"FP32","data":[1.5,2]},{"data":["x\u00e9"],"name":"b","shape":[1],"datatype":"BYTES"}],"outputs":[{"name":"y"}]}"""u8.ToArray();
        body[(int)((uint)position % (uint)body.Length)] = value;
        try
        {
            InferRequestReader.Read(body, body.Length);
        }
        catch (RequestRefusedException)
        {
            // Refused is as good as read: nothing else may come out.
        }

        return true;
    }

    [Property(MaxTest = 500)]
    public bool Every_finite_float_survives_its_shortest_text(int bits)
    {
        var value = BitConverter.Int32BitsToSingle(bits);
        return !float.IsFinite(value) || ReadData("FP32", value.ToString("R", CultureInfo.InvariantCulture)).SequenceEqual(Bytes(value));
    }

    [Property(MaxTest = 300)]
    public bool Any_text_survives_as_BYTES(string[] texts)
    {
        var valid = texts.Select(text => text ?? "").Where(IsUnicode).ToArray();
        var data = JsonSerializer.Serialize(valid);
        var expected = valid.SelectMany(text => (byte[])[.. BitConverter.GetBytes(Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)]);
        return ReadData("BYTES", data[1..^1]).SequenceEqual(expected);
    }

    private static bool IsUnicode(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text;

    private static byte[] ReadData(string datatype, string data) =>
        ReadJson($$"""{"inputs":[{"name":"x0","shape":[1],"datatype":"{{datatype}}","data":[{{data}}]}]}""").Inputs[0].Data.ToArray();
}
