using System.Globalization;
using System.Text.Json;

namespace Mesh.Node.Telemetry.Traces;

/// <summary>
/// One line of a trace: <c>{"time": "2026-03-02T18:00:00Z", "path": "Vehicle.IsMoving", "value": false}</c>; null = there is none.
/// </summary>
internal sealed record TraceLine(DateTimeOffset Time, string Path, SignalValue? Value)
{
    public const int MaxLength = 4096;

    /// <exception cref="FormatException">It is no such line; the message says why.</exception>
    public static TraceLine Parse(string text)
    {
        if (text.Length > MaxLength)
            throw new FormatException($"has {text.Length} characters: at most {MaxLength} are read");
        try
        {
            using var json = JsonDocument.Parse(text);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
                throw new FormatException("is no JSON object");
            return new TraceLine(ReadTime(json.RootElement), ReadPath(json.RootElement), ReadValue(json.RootElement));
        }
        catch (JsonException)
        {
            throw new FormatException("is not valid JSON");
        }
    }

    private static DateTimeOffset ReadTime(JsonElement line)
    {
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return line.TryGetProperty("time", out var time) && time.ValueKind == JsonValueKind.String
            && DateTimeOffset.TryParse(time.GetString(), CultureInfo.InvariantCulture, Utc, out var moment)
                ? moment
                : throw new FormatException("needs a 'time' in ISO 8601");
    }

    private static string ReadPath(JsonElement line) =>
        line.TryGetProperty("path", out var path) && path.ValueKind == JsonValueKind.String && path.GetString() is { Length: > 0 } text
            ? text
            : throw new FormatException("needs a 'path'");

    private static SignalValue? ReadValue(JsonElement line)
    {
        if (!line.TryGetProperty("value", out var value))
            throw new FormatException("needs a 'value', or null for none");
        return value.ValueKind switch
        {
            JsonValueKind.Null => null,
            JsonValueKind.True or JsonValueKind.False => SignalValue.Of(value.GetBoolean()),
            JsonValueKind.Number => SignalValue.Of(value.GetDouble()),
            JsonValueKind.String => SignalValue.Of(value.GetString()!),
            _ => throw new FormatException("needs a 'value' that is a truth value, a number, a text or null"),
        };
    }
}
