using Mesh.Node.Telemetry;

namespace Mesh.Node.Policy.Rules;

/// <summary>One thing that the owner's policy can ask for.</summary>
/// <param name="Code">Its reason code.</param>
/// <param name="Setting">The policy's key, below <c>mesh.policy</c>.</param>
/// <param name="Urgency">How fast work ends when it fails.</param>
/// <param name="Hold">Which hysteresis it has; null = none, because it depends on no value that can wobble.</param>
internal sealed record Rule(
    string Code,
    string Setting,
    Urgency Urgency,
    Func<Question, Finding> Check,
    Func<HysteresisPolicy, TimeSpan>? Hold = null,
    WorkKinds Kinds = WorkKinds.All)
{
    /// <summary>A rule about one signal.</summary>
    /// <param name="limit">Null where the owner has switched it off.</param>
    public static Rule Of(
        VssSignal signal, string code, string setting, Urgency urgency, Func<OwnerPolicy, Limit?> limit, Func<HysteresisPolicy, TimeSpan> hold) =>
        new(code, setting, urgency, question => Ask(question, signal, limit(question.Policy)), hold);

    public static Finding Ask(Question question, VssSignal signal, Limit? limit) =>
        limit is null ? Finding.NotAsked : Finding.Of(question.Telemetry.Deciding(signal, limit.Permits), limit);

    public Denial Deny(Finding finding, DateTimeOffset? heldUntil)
    {
        var unknown = finding.Outcome == Outcome.Unknown;
        return new Denial(
            unknown ? ReasonCodes.SignalUnknown : Code,
            Code,
            Kinds,
            // What is not known to be dangerous gets the grace period: a source that restarts must not kill work.
            unknown && Urgency == Urgency.Now ? Urgency.Soon : Urgency,
            Setting,
            finding.Signal?.Path ?? "",
            finding.Value,
            finding.Threshold,
            finding.Signal?.Age,
            finding.Signal?.Cause,
            heldUntil);
    }
}
