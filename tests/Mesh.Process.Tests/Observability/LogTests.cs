using System.Text.Json;

namespace Mesh.Process.Tests.Observability;

/// <summary>What programs that log at their lowest level, as JSON, write of requests and batches.</summary>
[Collection(OnObservedMesh.Name)]
public sealed class LogTests(ObservedMesh observed)
{
    [Fact]
    public void Every_line_is_an_object_with_a_UTC_time_a_level_and_a_message()
    {
        Assert.NotEmpty(observed.Log);
        foreach (var line in observed.Log)
        {
            var entry = Parse(line);
            Assert.EndsWith("Z", entry.GetProperty("Timestamp").GetString(), StringComparison.Ordinal);
            Assert.True(entry.GetProperty("Timestamp").TryGetDateTime(out _), line);
            Assert.NotEmpty(entry.GetProperty("LogLevel").GetString()!);
            Assert.NotEmpty(entry.GetProperty("Category").GetString()!);
            Assert.True(entry.TryGetProperty("Message", out _), line);
        }
    }

    [Fact]
    public void Neither_what_was_asked_nor_an_exact_place_is_ever_written()
    {
        foreach (var secret in ObservedMesh.Secrets)
            Assert.DoesNotContain(observed.Log, line => line.Contains(secret, StringComparison.Ordinal));
    }

    [Fact]
    public void A_request_has_one_line_only_at_the_debug_level_with_its_trace()
    {
        var lines = observed.Log.Where(line => line.Contains("\"Request for pair", StringComparison.Ordinal)).Select(Parse).ToList();
        Assert.Equal(observed.PairRequests, lines.Count);
        Assert.All(lines, line => Assert.Equal("Debug", line.GetProperty("LogLevel").GetString()));
        var traced = Assert.Single(lines, line => line.GetProperty("Scopes").EnumerateArray()
            .Any(scope => scope.TryGetProperty("TraceId", out var id) && id.GetString() == observed.Trace));
        Assert.Equal("Ok", traced.GetProperty("State").GetProperty("Outcome").GetString());
        Assert.Contains(observed.Log, line => line.Contains("\"Attempt ", StringComparison.Ordinal) && line.Contains(observed.Trace, StringComparison.Ordinal));
    }

    private static JsonElement Parse(string line)
    {
        try
        {
            return JsonDocument.Parse(line).RootElement;
        }
        catch (JsonException e)
        {
            throw new InvalidOperationException($"No JSON: {line}", e);
        }
    }
}
