using System.Net;
using Mesh.Demo;
using Mesh.Process.Tests.Meshes;

namespace Mesh.Process.Tests.Ingress.Rest;

/// <summary>Triton's binary tensor data.</summary>
[Collection(OnRunningMesh.Name)]
public sealed class BinaryTests(RunningMesh mesh)
{
    private const string Fashion = "/v2/models/fashion_cnn/infer";
    private const string Pair = "/v2/models/pair/infer";

    private static byte[] RawPicture(int picture) => Requests.Raw(Pictures.Data.Image(picture).Span);

    [Fact]
    public async Task Binary_in_and_JSON_out()
    {
        var block = RawPicture(5);
        var input = Requests.Input(DirectRun.InputName, "FP32", [1, 1, 28, 28], data: null, binarySize: block.Length);
        var answer = (await mesh.Rest.PostBinaryAsync(Fashion, Requests.Inputs(input), block)).Ok();
        Assert.Equal("application/json", answer.Headers["Content-Type"]);
        Assert.False(answer.Headers.ContainsKey(RestClient.HeaderLength));
        Pictures.AssertAgrees(5, answer.Floats(DirectRun.OutputName));
    }

    [Theory]
    [InlineData("""{"binary_data_output": true}""", null)]
    [InlineData(null, """[{"name": "probabilities", "parameters": {"binary_data": true}}]""")]
    public async Task JSON_in_and_binary_out(string? parameters, string? outputs)
    {
        var input = Requests.Input(DirectRun.InputName, "FP32", [1, 1, 28, 28], Requests.Numbers(Pictures.Data.Image(6).Span));
        var answer = (await mesh.Rest.PostAsync(Fashion, Requests.Inputs(input, outputs, parameters))).Ok();
        Assert.Equal("application/octet-stream", answer.Headers["Content-Type"]);
        var output = answer.Output(DirectRun.OutputName);
        Assert.Equal(40, output.GetProperty("parameters").GetProperty("binary_data_size").GetInt32());
        Assert.False(output.TryGetProperty("data", out _));
        Pictures.AssertAgrees(6, Requests.Floats(answer.Binary.Span));
    }

    [Fact]
    public async Task An_outputs_own_wish_overrides_the_requests()
    {
        var input = Requests.Input(DirectRun.InputName, "FP32", [1, 1, 28, 28], Requests.Numbers(Pictures.Data.Image(6).Span));
        var body = Requests.Inputs(
            input, """[{"name": "probabilities", "parameters": {"binary_data": false}}]""", """{"binary_data_output": true}""");
        Pictures.AssertAgrees(6, (await mesh.Rest.PostAsync(Fashion, body)).Ok().Floats(DirectRun.OutputName));
    }

    [Fact]
    public async Task Binary_and_JSON_tensors_mix_both_ways()
    {
        var texts = Requests.RawTexts("eins", "", "drei");
        var inputs = Requests.Input("number", "INT32", [3], "[1, 2, 3]") + "," + Requests.Input("text", "BYTES", [3], null, texts.Length);
        var body = Requests.Inputs(inputs, """[{"name": "number_out", "parameters": {"binary_data": true}}, {"name": "text_out"}]""");
        var answer = (await mesh.Rest.PostBinaryAsync(Pair, body, texts)).Ok();
        Assert.Equal(Requests.Raw<int>([1, 2, 3]), answer.Binary.ToArray());
        Assert.Equal(["eins", "", "drei"], answer.Output("text_out").GetProperty("data").EnumerateArray().Select(text => text.GetString()));
    }

    [Fact]
    public async Task Blocks_follow_the_order_of_the_tensors()
    {
        var (numbers, texts) = (Requests.Raw<int>([5, 6]), Requests.RawTexts("fünf", "sechs"));
        var inputs = Requests.Input("text", "BYTES", [2], null, texts.Length) + "," + Requests.Input("number", "INT32", [2], null, numbers.Length);
        var body = Requests.Inputs(inputs, """[{"name": "text_out"}, {"name": "number_out"}]""", """{"binary_data_output": true}""");
        var answer = (await mesh.Rest.PostBinaryAsync(Pair, body, texts, numbers)).Ok();
        Assert.Equal([.. texts, .. numbers], answer.Binary.ToArray());
    }

    [Fact]
    public async Task An_empty_tensor_has_an_empty_block()
    {
        var inputs = Requests.Input("number", "INT32", [0], null, 0) + "," + Requests.Input("text", "BYTES", [1], "[\"x\"]");
        var answer = (await mesh.Rest.PostBinaryAsync(Pair, Requests.Inputs(inputs))).Ok();
        Assert.Equal(0, answer.Output("number_out").GetProperty("data").GetArrayLength());
    }

    [Fact]
    public async Task A_raw_request_is_nothing_but_the_tensor()
    {
        var content = RestClient.Content(RawPicture(8), "application/octet-stream");
        content.Headers.Add(RestClient.HeaderLength, "0");
        var answer = (await mesh.Rest.SendAsync(HttpMethod.Post, Fashion, content)).Ok();
        Pictures.AssertAgrees(8, Requests.Floats(answer.Binary.Span));
    }

    [Theory]
    [InlineData("0", 3135, "3135 bytes are no whole number of steps")]
    [InlineData("-1", 10, "must be a decimal number of bytes")]
    [InlineData("x", 10, "must be a decimal number of bytes")]
    [InlineData("11", 10, "the body has only 10 bytes")]
    public async Task A_length_that_does_not_fit_is_refused(string headerLength, int bodyLength, string why)
    {
        var content = RestClient.Content(new byte[bodyLength], "application/octet-stream");
        content.Headers.TryAddWithoutValidation(RestClient.HeaderLength, headerLength);
        var answer = await mesh.Rest.SendAsync(HttpMethod.Post, Fashion, content);
        Assert.Contains(why, answer.Error(HttpStatusCode.BadRequest), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_bytes_are_counted()
    {
        var input = Requests.Input(DirectRun.InputName, "FP32", [1, 1, 28, 28], null, 3136);
        var cut = await mesh.Rest.PostBinaryAsync(Fashion, Requests.Inputs(input), RawPicture(0)[..3000]);
        Assert.Equal(
            "input 'image': its binary_data_size is 3136 bytes, but 136 of them are missing at the end of the body",
            cut.Error(HttpStatusCode.BadRequest));
        var withoutHeader = await mesh.Rest.PostAsync(Fashion, Requests.Inputs(input));
        Assert.Contains("3136 of them are missing", withoutHeader.Error(HttpStatusCode.BadRequest), StringComparison.Ordinal);
        var tooMany = await mesh.Rest.PostBinaryAsync(Fashion, Requests.Inputs(input), RawPicture(0), [1, 2]);
        Assert.Contains("2 bytes at the end of the body belong to no input", tooMany.Error(HttpStatusCode.BadRequest), StringComparison.Ordinal);
        await mesh.Mesh.AssertUnharmedAsync();
    }

    [Fact]
    public async Task Texts_whose_lengths_do_not_add_up_are_refused()
    {
        var broken = Requests.RawTexts("abc");
        broken[0] = 200;
        var inputs = Requests.Input("number", "INT32", [1], "[1]") + "," + Requests.Input("text", "BYTES", [1], null, broken.Length);
        var answer = await mesh.Rest.PostBinaryAsync(Pair, Requests.Inputs(inputs), broken);
        Assert.Contains("input 'text': element 0 of its BYTES does not fit", answer.Error(HttpStatusCode.BadRequest), StringComparison.Ordinal);
    }
}
