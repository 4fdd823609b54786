using Mesh.Node.Telemetry;

namespace Mesh.Node.Policy.Rules;

/// <summary>The vehicle stands still. No document can switch this off.</summary>
internal static class MovingRule
{
    public static readonly Rule Rule = Rules.Rule.Of(
        VssCatalogue.IsMoving, ReasonCodes.Moving, "parked", Urgency.Now,
        policy => Limit.Is(false, asked: policy.Parked.MustStandStill),
        hysteresis => hysteresis.Motion);
}
