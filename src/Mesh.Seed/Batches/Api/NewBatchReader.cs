using System.Globalization;
using System.Text.Json;
using Mesh.Messages.Control;
using static Mesh.Seed.Batches.Api.ApiRefusedException;

namespace Mesh.Seed.Batches.Api;

/// <summary>Reads the body of <c>POST /v1/batches</c>. Pure: whether file and model exist is for others to say.</summary>
internal static class NewBatchReader
{
    private const int MaxPairs = 16;
    private const int MaxKeyLength = 64;
    private const int MaxValueLength = 512;

    private static readonly TimeSpan LongestWindow = TimeSpan.FromDays(30);

    /// <exception cref="ApiRefusedException">With the field that is wrong.</exception>
    public static NewBatch Read(ReadOnlyMemory<byte> body, string? idempotencyKey)
    {
        using var json = Parse(body);
        if (json.RootElement.ValueKind != JsonValueKind.Object)
            throw Invalid("the body must be a JSON object", null);
        string? file = null, endpoint = null, window = null;
        IReadOnlyDictionary<string, string>? metadata = null;
        TimeSpan? outputLife = null;
        foreach (var field in json.RootElement.EnumerateObject())
        {
            switch (field.Name)
            {
                case "input_file_id": file = Text(field); break;
                case "endpoint": endpoint = Text(field); break;
                case "completion_window": window = Text(field); break;
                case "metadata": metadata = Metadata(field.Value); break;
                case "output_expires_after": outputLife = Expiry(field.Value); break;
                default: throw Unknown(field.Name);
            }
        }

        return new NewBatch(
            file ?? throw Missing("input_file_id"),
            endpoint ?? throw Missing("endpoint"),
            Window(window ?? throw Missing("completion_window")),
            window,
            metadata,
            idempotencyKey,
            outputLife);
    }

    /// <summary>The model of <c>/v2/models/{m}[/versions/{v}]/infer</c>; a version of null is the newest.</summary>
    public static (string Model, string? Version) Endpoint(string endpoint) => endpoint.Split('/') switch
    {
        ["", "v2", "models", { Length: > 0 } model, "infer"] => (Uri.UnescapeDataString(model), null),
        ["", "v2", "models", { Length: > 0 } model, "versions", { Length: > 0 } version, "infer"] =>
            (Uri.UnescapeDataString(model), Uri.UnescapeDataString(version)),
        _ => throw Invalid(
            $"'endpoint' must be /v2/models/MODEL/infer or /v2/models/MODEL/versions/VERSION/infer, got '{endpoint}'", "endpoint", "invalid_value"),
    };

    private static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException e)
        {
            throw Invalid($"the body is not valid JSON: {e.Message}", null);
        }
    }

    private static string Text(JsonProperty field) => field.Value.ValueKind == JsonValueKind.String
        ? Decoded(field.Value, field.Name)
        : throw Invalid($"'{field.Name}' must be a string", field.Name, "invalid_type");

    private static string Decoded(JsonElement value, string param)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Invalid($"'{param}' holds half a surrogate pair or bytes that are not UTF-8", param, "invalid_value");
        }
    }

    private static TimeSpan Window(string text)
    {
        var unit = text.Length == 0 ? TimeSpan.Zero : text[^1] switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            _ => TimeSpan.Zero,
        };
        if (unit > TimeSpan.Zero && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count >= 1 && count <= LongestWindow / unit)
            return count * unit;
        throw Invalid($"'completion_window' must be 24h or another duration from 1s to 30d, such as 30m or 1h, got '{text}'", "completion_window", "invalid_value");
    }

    private static Dictionary<string, string>? Metadata(JsonElement value)
    {
        const string name = "metadata";
        if (value.ValueKind == JsonValueKind.Null)
            return null;
        if (value.ValueKind != JsonValueKind.Object)
            throw Invalid($"'{name}' must be an object or null", name, "invalid_type");
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in value.EnumerateObject())
        {
            if (pair.Name.Length is 0 or > MaxKeyLength)
                throw Invalid($"a key of '{name}' must have 1 to {MaxKeyLength} characters", name, "invalid_value");
            if (pair.Value.ValueKind != JsonValueKind.String || Decoded(pair.Value, name) is not { Length: <= MaxValueLength } text)
                throw Invalid($"'{name}.{pair.Name}' must be a string of at most {MaxValueLength} characters", name, "invalid_value");
            metadata[pair.Name] = text;
        }

        return metadata.Count <= MaxPairs ? metadata : throw Invalid($"'{name}' has more than {MaxPairs} pairs", name, "invalid_value");
    }

    private static TimeSpan? Expiry(JsonElement value)
    {
        const string name = "output_expires_after";
        if (value.ValueKind == JsonValueKind.Null)
            return null;
        if (value.ValueKind != JsonValueKind.Object)
            throw Invalid($"'{name}' must be an object", name, "invalid_type");
        string? anchor = null;
        long? seconds = null;
        foreach (var field in value.EnumerateObject())
        {
            switch (field.Name)
            {
                case "anchor": anchor = field.Value.ValueKind == JsonValueKind.String ? Decoded(field.Value, $"{name}.anchor") : field.Value.GetRawText(); break;
                case "seconds": seconds = field.Value.ValueKind == JsonValueKind.Number && field.Value.TryGetInt64(out var number) ? number : null; break;
                default: throw Unknown($"{name}.{field.Name}");
            }
        }

        return ExpiryRule.Check(anchor, seconds, field => $"{name}.{field}");
    }
}
