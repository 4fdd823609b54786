using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mesh.Node.Policy;

namespace Mesh.Node.Sessions;

/// <summary>One step of a vehicle's life: a line of <c>life.jsonl</c>, which tells the owner when it worked and why not.</summary>
/// <param name="At">By the telemetry's clock: in a replayed trace, the time of the trace.</param>
/// <param name="Cause">Why it drains; null while it does not.</param>
/// <param name="Allowed">Kinds of work that the policy allowed then.</param>
/// <param name="Reasons">What denied work then: <see cref="Denial"/>s, as text.</param>
/// <param name="FreedMs">Set on the step that ended running work: milliseconds until nothing ran any more.</param>
public sealed record LifeEntry(
    DateTimeOffset At, VehiclePhase Phase, DepartureCause? Cause, WorkKinds Allowed, ImmutableArray<string> Reasons, double? FreedMs)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public string ToJson() => JsonSerializer.Serialize(this, Options);

    /// <exception cref="JsonException">The text is none.</exception>
    public static LifeEntry FromJson(string text) =>
        JsonSerializer.Deserialize<LifeEntry>(text, Options) ?? throw new JsonException("null is no step of a life.");
}
