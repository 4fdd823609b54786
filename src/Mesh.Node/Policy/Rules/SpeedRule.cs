using Mesh.Node.Telemetry;

namespace Mesh.Node.Policy.Rules;

/// <summary>Its speed, forwards or in reverse, is that of a standing vehicle whose sensor is not exact.</summary>
internal static class SpeedRule
{
    public static readonly Rule Rule = Rules.Rule.Of(
        VssCatalogue.Speed, ReasonCodes.TooFast, "parked.speed-max", Urgency.Now,
        policy => Limit.AtMost(policy.Parked.SpeedMaxKmh, VssCatalogue.Speed) is { } limit
            ? limit with { Permits = state => Math.Abs(state.Number!.Value) <= policy.Parked.SpeedMaxKmh }
            : null,
        hysteresis => hysteresis.Motion);
}
