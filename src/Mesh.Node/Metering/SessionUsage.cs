using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mesh.Node.Metering;

/// <summary>What a session used: one line of the meter's file (docs/metering.md).</summary>
public sealed record SessionUsage
{
    /// <summary>0: the process ended before another session could take it over.</summary>
    public required ulong Epoch { get; init; }

    public required DateTimeOffset Started { get; init; }

    /// <summary>When it ended, or what was known of it last.</summary>
    public required DateTimeOffset Ended { get; init; }

    /// <summary>False: the process was killed, and up to a minute is missing.</summary>
    public required bool Complete { get; init; }

    public required string DeviceClass { get; init; }

    /// <summary>What the computer draws beside the work, watts; in none of the sums.</summary>
    public required double IdleWatts { get; init; }

    /// <summary>Names of <see cref="MeterMethods"/>.</summary>
    public required IReadOnlyList<string> Methods { get; init; }

    public required UsageSum Interactive { get; init; }

    public required UsageSum Batch { get; init; }

    /// <summary>The same by model.</summary>
    public required IReadOnlyDictionary<string, UsageSum> Models { get; init; }

    /// <summary>Fetched models.</summary>
    public required long ModelBytes { get; init; }

    /// <summary>The same by the owner's days.</summary>
    public required IReadOnlyDictionary<DateOnly, DayUsage> Days { get; init; }

    /// <summary>One line, without its end.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, UsageJson.Default.SessionUsage);

    /// <exception cref="JsonException">It is none.</exception>
    public static SessionUsage FromJson(ReadOnlySpan<byte> line) =>
        JsonSerializer.Deserialize(line, UsageJson.Default.SessionUsage) ?? throw new JsonException("null is no session.");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SessionUsage))]
internal sealed partial class UsageJson : JsonSerializerContext;
