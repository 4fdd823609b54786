using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mesh.Seed.Routing.Queries;

namespace Mesh.Seed.Operations;

/// <summary>Values as commands show them: snake_case words, rounded numbers with their unit in the name, times as ISO 8601 in UTC.</summary>
internal static class Words
{
    public static string Of<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    public static JsonValue? Text(string? text) => string.IsNullOrEmpty(text) ? null : JsonValue.Create(text);

    public static JsonValue? Number(double? value, int digits) =>
        value is { } number && double.IsFinite(number) ? JsonValue.Create(Math.Round(number, digits)) : null;

    public static JsonValue? Seconds(TimeSpan? span) => Number(span?.TotalSeconds, 1);

    public static JsonValue? Milliseconds(TimeSpan? span) => Number(span?.TotalMilliseconds, 2);

    public static JsonValue? Time(DateTimeOffset? at) =>
        at is { } time ? JsonValue.Create(time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)) : null;

    public static JsonArray Of(IEnumerable<VehicleReason> reasons) =>
        new([.. reasons.Select(reason => new JsonObject { ["code"] = reason.Code, ["detail"] = reason.Detail, ["excludes"] = reason.Excludes })]);

    public static JsonArray Of(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)JsonValue.Create(text)!)]);
}
