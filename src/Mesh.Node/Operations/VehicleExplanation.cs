using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mesh.Messages;
using Mesh.Node.Policy;
using Mesh.Node.Sessions;

namespace Mesh.Node.Operations;

/// <summary>Whether a vehicle may work, and every reason why not, as a document. Pure.</summary>
internal static class VehicleExplanation
{
    public static JsonObject Of(
        VehicleId vehicle, VehicleStanding standing, Judgement? judgement, DrainInForce? drained, IReadOnlyList<LifeEntry> steps, DateTimeOffset now)
    {
        var verdict = judgement?.Verdict;
        return new JsonObject
        {
            ["kind"] = "vehicle",
            ["vehicle"] = vehicle.Value,
            ["eligible"] = verdict?.IsEligible ?? false,
            ["allowed"] = verdict is null ? "none" : Word(verdict.Allowed),
            ["summary"] = Summary(standing, verdict),
            ["phase"] = Word(standing.Phase),
            ["cause"] = standing.Cause is { } cause ? Word(cause) : null,
            ["drained"] = Of(drained),
            ["judged_at"] = Time(verdict?.At),
            ["judged_again_by"] = Time(verdict?.NextCheck),
            ["planned_end"] = verdict?.PlannedEnd is { } end ? new JsonObject { ["at"] = Time(end.At), ["rule"] = end.Rule } : null,
            ["denials"] = new JsonArray([.. (verdict?.Denials ?? []).Select(denial => Of(denial.Told()))]),
            ["last_steps"] = new JsonArray([.. steps.Reverse().Select(Of)]),
            ["now"] = Time(now),
        };
    }

    public static JsonObject? Of(DrainInForce? drained) => drained is null ? null : new JsonObject
    {
        ["since"] = Time(drained.Since),
        ["until"] = Time(drained.Until),
        ["by"] = drained.By,
    };

    public static string Word<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    public static JsonValue? Time(DateTimeOffset? at) =>
        at is { } time ? JsonValue.Create(time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)) : null;

    private static string Summary(VehicleStanding standing, Verdict? verdict)
    {
        if (verdict is null)
            return "it has not judged its state yet: nothing is allowed";
        if (!verdict.IsEligible)
            return $"it may not work: {string.Join("; ", verdict.Denials.Select(denial => denial.Told()))}";
        var place = standing.Phase switch
        {
            VehiclePhase.Serving when standing.Session is { Seeds.Count: > 0 and var seeds } => $"it serves {seeds} seed{(seeds == 1 ? "" : "s")}",
            VehiclePhase.Serving => "its session is open, and no seed has its work stream now",
            VehiclePhase.Joining => "it joins its region",
            VehiclePhase.Draining => $"it drains and leaves ({(standing.Cause is { } cause ? Word(cause) : "no cause")})",
            _ => "it waits for its turn to join: sessions begin with some jitter, and later after one that found no seed",
        };
        var denied = verdict.Denials.IsEmpty ? "" : $"; denied in part: {string.Join("; ", verdict.Denials.Select(denial => denial.Told()))}";
        return $"it may work ({Word(verdict.Allowed)}); {place}{denied}";
    }

    private static JsonObject Of(Denial denial) => new()
    {
        ["code"] = denial.Code,
        ["rule"] = denial.Rule,
        ["denies"] = Word(denial.Kinds),
        ["urgency"] = Word(denial.Urgency),
        ["setting"] = denial.Setting,
        ["signal"] = denial.Path.Length > 0 ? denial.Path : null,
        ["value"] = denial.Value.Length > 0 ? denial.Value : null,
        ["threshold"] = denial.Threshold,
        ["age_s"] = denial.Age is { } age ? Math.Round(age.TotalSeconds, 1) : null,
        ["unknown"] = denial.Unknown is { } unknown ? Word(unknown) : null,
        ["held_until"] = Time(denial.HeldUntil),
    };

    private static JsonObject Of(LifeEntry step) => new()
    {
        ["at"] = Time(step.At),
        ["phase"] = Word(step.Phase),
        ["cause"] = step.Cause is { } cause ? Word(cause) : null,
        ["allowed"] = Word(step.Allowed),
        ["reasons"] = new JsonArray([.. step.Reasons.Select(reason => (JsonNode)JsonValue.Create(reason)!)]),
        ["freed_ms"] = step.FreedMs is { } freed ? Math.Round(freed, 1) : null,
    };
}
