using System.Text;
using Mesh.Seed.Batches.Lines;

namespace Mesh.State.Tests.Batches.Lines;

public sealed class BatchLineTests
{
    private const string Endpoint = "/v2/models/fashion_cnn/infer";
    private const string Rest = """, "method": "POST", "url": "/v2/models/fashion_cnn/infer", "body": {"inputs": []}}""";

    [Theory]
    [InlineData("""{"custom_id": "a", "method": "POST", "url": "/v2/models/fashion_cnn/infer", "body": {"inputs": [1, {"x": "}"}]}}""", "a", """{"inputs": [1, {"x": "}"}]}""")]
    [InlineData("""{"body":{},"url":"\/v2\/models\/fashion_cnn\/infer","method":"POST","custom_id":"ä\u00e4😀"}""", "ää😀", "{}")]
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
    [InlineData("""{"custom_id": "a", "body": {"x": 01}}""", "a", "invalid_json_line", "the line is not valid JSON: ")]
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
