using System.Text;
using Mesh.Seed.Batches.Lines;
using Mesh.State.Tests.Ingress;

namespace Mesh.State.Tests.Batches.Lines;

public sealed class BatchLineTests
{
    private const string Endpoint = "/v2/models/fashion_cnn/infer";
    private const string Rest = """, "method": "POST", "url": "/v2/models/fashion_cnn/infer", "body": {"inputs": []}}""";

    [Theory]
    [InlineData("""{"custom_id": "a", "method": "POST", "url": "/v2/models/fashion_cnn/infer", "body": {"inputs": [1, {"x": "}"}]}}""", "a", """{"inputs": [1, {"x": "}"}]}""")]
    [InlineData("""{"body":{},"url":"\/v2\/models\/fashion_cnn\/infer","method":"POST","custom_id":"ä\u00e4😀"}""", "ää😀", "{}")]
    [InlineData("""{"body"  :  {"s": "\\\" } ] \\", "a": [[{"x": []}]]}, "custom_id": "a", "method": "POST", "url": "/v2/models/fashion_cnn/infer"}""", "a", """{"s": "\\\" } ] \\", "a": [[{"x": []}]]}""")]
    [InlineData("""  {"priority": {"deep": [[]]}, "custom_id": "a", "method": "POST", "url": "/v2/models/fashion_cnn/infer", "body": {} }  """, "a", "{}")]
    public void A_good_line_gives_its_id_and_the_bytes_of_its_body(string text, string customId, string body)
    {
        var line = BatchLine.Read(Encoding.UTF8.GetBytes(text), Endpoint);
        Assert.Null(line.Fault);
        Assert.Equal(customId, line.CustomId);
        Assert.Equal(body, Encoding.UTF8.GetString(line.Body.Span));
    }

    [Theory]
    [InlineData("", null, "invalid_json_line", "the line is empty")]
    [InlineData(" \t ", null, "invalid_json_line", "the line is empty")]
    [InlineData("{", null, "invalid_json_line", "the line is not valid JSON: ")]
    [InlineData("""{"custom_id": "a"} {}""", "a", "invalid_json_line", "the line is not valid JSON: ")]
    [InlineData("""{"custom_id": "a", "body": {"x": "}}""", "a", "invalid_json_line", "the line is not valid JSON: ")]
    [InlineData("""{"custom_id": "a", "body": {"x": "\""", "a", "invalid_json_line", "the line is not valid JSON: ")]
    [InlineData("""{"custom_id": "a", "body": """, "a", "invalid_json_line", "the line is not valid JSON: ")]
    [InlineData("""{"custom_id": "a", "body": {}, "method" "POST"}""", "a", "invalid_json_line", "the line is not valid JSON: '\"' is invalid after a property name")]
    [InlineData("""{"custom_id": "a", "body": {}} x""", "a", "invalid_json_line", "the line is not valid JSON: ")]
    [InlineData("""{"custom_id": "a", "body": {} "method": "POST"}""", "a", "invalid_json_line", "the line is not valid JSON: ")]
    [InlineData("""{"custom_id": "\ud800"}""", null, "invalid_json_line", "the line is not valid JSON: ")]
    [InlineData("[1]", null, "invalid_request", "the line must be a JSON object")]
    [InlineData("null", null, "invalid_request", "the line must be a JSON object")]
    [InlineData("""{"custom_id": 7""" + Rest, null, "invalid_request", "'custom_id' must be a string")]
    [InlineData("""{"custom_id": {"a": "b"}""" + Rest, null, "invalid_request", "'custom_id' must be a string")]
    [InlineData("{\"custom_id\": \"\"" + Rest, null, "invalid_request", "'custom_id' must have 1 to 512 characters")]
    [InlineData("""{"custom_id": "a", "custom_id": "b" """ + Rest, "a", "invalid_request", "'custom_id' stands twice")]
    [InlineData("""{"x": 1""" + Rest, null, "invalid_request", "'custom_id' is missing")]
    [InlineData("""{"custom_id": "a", "url": "/v2/models/fashion_cnn/infer", "body": {}}""", "a", "invalid_request", "'method' is missing")]
    [InlineData("""{"custom_id": "a", "method": "POST", "body": {}}""", "a", "invalid_request", "'url' is missing")]
    [InlineData("""{"custom_id": "a", "method": "POST", "url": "/v2/models/fashion_cnn/infer"}""", "a", "invalid_request", "'body' is missing")]
    [InlineData("""{"custom_id": "a", "method": "GET", "url": "/v2/models/fashion_cnn/infer", "body": {}}""", "a", "invalid_request", "'method' must be \"POST\"")]
    [InlineData("""{"custom_id": "a", "method": ["POST"], "url": "/v2/models/fashion_cnn/infer", "body": {}}""", "a", "invalid_request", "'method' must be \"POST\"")]
    [InlineData("""{"custom_id": "a", "method": "POST", "url": "/v2/models/other/infer", "body": {}}""", "a", "url_mismatch", "'url' must be the batch's endpoint, /v2/models/fashion_cnn/infer")]
    [InlineData("""{"method": "POST", "url": 3, "body": {}, "custom_id": "late"}""", "late", "url_mismatch", "'url' must be the batch's endpoint")]
    [InlineData("""{"custom_id": "a", "method": "POST", "url": "/v2/models/fashion_cnn/infer", "body": [1]}""", "a", "invalid_request", "'body' must be an object")]
    [InlineData("""{"custom_id": "a", "method": "POST", "url": "/v2/models/fashion_cnn/infer", "body": null}""", "a", "invalid_request", "'body' must be an object")]
    [InlineData("""{"body": {}, "custom_id": "a" """ + Rest, "a", "invalid_request", "'body' stands twice")]
    public void A_bad_line_says_what_is_wrong_and_who_it_is_if_it_can(string text, string? customId, string code, string message)
    {
        var line = BatchLine.Read(Encoding.UTF8.GetBytes(text), Endpoint);
        Assert.Equal((customId, code), (line.CustomId, line.Fault?.Code));
        Assert.StartsWith(message, line.Fault!.Message, StringComparison.Ordinal);
        Assert.True(line.Body.IsEmpty);
    }

    [Fact]
    public void A_place_that_is_told_is_one_in_the_whole_line() => Assert.EndsWith(
        "BytePositionInLine: 40.",
        BatchLine.Read("""{"custom_id": "a", "body": {}, "method" "POST"}"""u8.ToArray(), Endpoint).Fault!.Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"inputs": 01}""")]
    [InlineData("""{"x": [1}]""")]
    [InlineData("""{"inputs": [],}""")]
    public void What_is_wrong_within_a_body_is_found_when_it_is_read_as_a_request(string body)
    {
        var line = BatchLine.Read(
            Encoding.UTF8.GetBytes($$"""{"body": {{body}}, "custom_id": "a", "method": "POST", "url": "/v2/models/fashion_cnn/infer"}"""), Endpoint);
        Assert.Equal(("a", null), (line.CustomId, line.Fault));
        Assert.Contains(
            "the body is not valid JSON",
            Samples.Refused(() => BatchRequest.Read(Samples.Model(), line.Body, TimeSpan.FromSeconds(1))),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a", 512, true)]
    [InlineData("a", 513, false)]
    [InlineData("\\u00e4", 512, true)]
    [InlineData("\\u00e4", 513, false)]
    [InlineData("a", 20_000, false)]
    public void An_id_has_up_to_512_characters_however_they_are_written(string character, int count, bool good)
    {
        var text = $$"""{"custom_id": "{{string.Concat(Enumerable.Repeat(character, count))}}"{{Rest}}""";
        Assert.Equal(good, BatchLine.Read(Encoding.UTF8.GetBytes(text), Endpoint).Fault is null);
    }
}
