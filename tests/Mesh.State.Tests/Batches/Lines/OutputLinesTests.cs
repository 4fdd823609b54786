using System.Buffers;
using System.Text;
using System.Text.Json;
using Mesh.Messages;
using Mesh.Seed.Batches.Lines;
using Mesh.Seed.Ingress;
using Mesh.Seed.Ingress.Rest;
using Mesh.Seed.Models;
using Mesh.Seed.Routing;
using Mesh.State.Tests.Ingress;

namespace Mesh.State.Tests.Batches.Lines;

public sealed class OutputLinesTests
{
    private static readonly ServedModel Model = Samples.Model((TensorDatatype.FP32, [-1]));

    [Fact]
    public void A_success_holds_what_the_infer_endpoint_would_have_answered()
    {
        var call = BatchRequest.Read(Model, Body("""{"id": "q", "inputs": [{"name": "x0", "shape": [3], "datatype": "FP32", "data": [0.1, 3e-9, 16777217]}]}"""), TimeSpan.FromSeconds(1));
        Assert.Equal([.. Samples.Bytes(0.1f, 3e-9f, 16777216f)], call.Call.Inputs[0].Data.ToArray());
        var outcome = Samples.Ok(call.Call.Inputs[0]);
        using PooledBuffer line = new(), answer = new();
        Assert.True(OutputLines.WriteAnswer(line, "batch_1", 7, "my-id", Model, call, outcome));
        InferResponseWriter.Write(new InferenceAnswer(Model, call.Request, Model.Outputs, outcome), [false], answer);

        var text = Encoding.UTF8.GetString(line.Written.Span);
        Assert.Equal('\n', text[^1]);
        Assert.Equal(text.Length - 1, text.IndexOf('\n', StringComparison.Ordinal));
        using var json = JsonDocument.Parse(text);
        Assert.Equal(["id", "custom_id", "response", "error"], json.RootElement.EnumerateObject().Select(field => field.Name));
        Assert.Equal("my-id", json.RootElement.GetProperty("custom_id").GetString());
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("error").ValueKind);
        var response = json.RootElement.GetProperty("response");
        Assert.Equal(200, response.GetProperty("status_code").GetInt32());
        Assert.StartsWith("req_", response.GetProperty("request_id").GetString(), StringComparison.Ordinal);
        Assert.Equal(Encoding.UTF8.GetString(answer.Written.Span), response.GetProperty("body").GetRawText());
    }

    [Fact]
    public void Ids_are_those_of_batch_and_line()
    {
        var ids = new HashSet<string>();
        foreach (var (batch, line) in new[] { ("batch_1", 0), ("batch_1", 1), ("batch_2", 0), ("batch_1", 11) })
        {
            Assert.Equal(Id(batch, line), Id(batch, line));
            Assert.Matches("^batch_req_[0-9a-f]{32}$", Id(batch, line));
            Assert.True(ids.Add(Id(batch, line)));
        }

        static string Id(string batch, int line) => Written(output => OutputLines.WriteError(output, batch, line, "a", "c", "m")).Split('"')[3];
    }

    [Fact]
    public void What_JSON_cannot_say_becomes_the_failure_that_the_endpoint_would_have_answered()
    {
        using var output = new PooledBuffer();
        output.Write("before\n"u8);
        Assert.False(OutputLines.WriteAnswer(output, "b", 0, "a", Model, Call(), Samples.Ok(new RawTensor([2], Samples.Bytes(1f, float.NaN)))));
        var lines = Encoding.UTF8.GetString(output.Written.Span).Split('\n');
        Assert.Equal(("before", "", 3), (lines[0], lines[2], lines.Length));
        using var json = JsonDocument.Parse(lines[1]);
        var response = json.RootElement.GetProperty("response");
        Assert.Equal(400, response.GetProperty("status_code").GetInt32());
        Assert.StartsWith("line 1: output 'y0' holds NaN or Infinity", response.GetProperty("body").GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_vehicles_answer_that_does_not_fit_the_model_is_a_failure()
    {
        var text = Written(output => Assert.False(
            OutputLines.WriteAnswer(output, "b", 0, "a", Model, Call(), Samples.Ok(new RawTensor([2], Samples.Bytes(1f))))));
        using var json = JsonDocument.Parse(text);
        Assert.Equal(500, json.RootElement.GetProperty("response").GetProperty("status_code").GetInt32());
        Assert.Contains("vehicle V-001 answered with tensors that do not fit", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Failures_and_errors_have_OpenAIs_form()
    {
        AssertLine(
            """{"id":"*","custom_id":"ä\n","response":{"status_code":429,"request_id":"*","body":{"error":"line 1: full"}},"error":null}""",
            output => OutputLines.WriteFailure(output, "b", 0, "ä\n", 429, "full"));
        AssertLine(
            """{"id":"*","custom_id":"a","response":null,"error":{"code":"batch_expired","message":"too late"}}""",
            output => OutputLines.WriteError(output, "b", 0, "a", ResultCodes.Expired, "too late"));
        AssertLine(
            """{"id":"*","custom_id":null,"response":null,"error":{"code":"invalid_json_line","message":"line 7: the line is empty","line":7}}""",
            output => OutputLines.WriteBadLine(output, "b", new BadLine(6, "invalid_json_line", "the line is empty", null)));
    }

    [Theory]
    [InlineData("""{"inputs": [{"name": "x0", "shape": [1], "datatype": "FP32", "data": [1]}], "parameters": {"binary_data_output": true}}""", "a batch answers in JSON alone")]
    [InlineData("""{"inputs": [{"name": "x0", "shape": [1], "datatype": "FP32", "parameters": {"binary_data_size": 4}}]}""", "4 of them are missing at the end of the body")]
    [InlineData("""{"inputs": []}""", "input 'x0' of m/1 is missing")]
    [InlineData("""{}""", "'inputs' is missing in the request")]
    public void A_body_is_held_against_its_model_as_the_endpoint_does(string body, string expected) =>
        Assert.Contains(expected, Samples.Refused(() => BatchRequest.Read(Model, Body(body), TimeSpan.FromSeconds(1))), StringComparison.Ordinal);

    private static ReadOnlyMemory<byte> Body(string body) =>
        BatchLine.Read(Encoding.UTF8.GetBytes($$"""{"custom_id":"a","method":"POST","url":"/e","body":{{body}}}"""), "/e").Body;

    private static BatchCall Call() => BatchRequest.Read(
        Model, Body("""{"inputs": [{"name": "x0", "shape": [2], "datatype": "FP32", "data": [1, 2]}]}"""), TimeSpan.FromSeconds(1));

    private static string Written(Action<PooledBuffer> write)
    {
        using var output = new PooledBuffer();
        write(output);
        return Encoding.UTF8.GetString(output.Written.Span);
    }

    private static void AssertLine(string expected, Action<PooledBuffer> write)
    {
        var text = System.Text.RegularExpressions.Regex.Replace(Written(write), "\"(batch_req_|req_)[0-9a-f]{32}\"", "\"*\"");
        Assert.Equal(expected + "\n", text);
    }
}
