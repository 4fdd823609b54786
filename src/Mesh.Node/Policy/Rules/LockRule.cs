using Mesh.Node.Telemetry;

namespace Mesh.Node.Policy.Rules;

/// <summary>Every door is locked: who unlocks one is about to drive.</summary>
internal static class LockRule
{
    public static readonly Rule Rule = Rules.Rule.Of(
        VssCatalogue.DoorIsLocked, ReasonCodes.Unlocked, "parked.must-be-locked", Urgency.Soon,
        policy => Limit.Is(true, asked: policy.Parked.MustBeLocked),
        hysteresis => hysteresis.Parked);
}
