using Mesh.Node.Telemetry;

namespace Mesh.Node.Policy.Rules;

/// <summary>The vehicle's own software has memory to spare.</summary>
internal static class MemoryRule
{
    public static readonly Rule Rule = Rules.Rule.Of(
        VssCatalogue.MemoryAvailable, ReasonCodes.MemoryLow, "computer.min-free-memory", Urgency.Now,
        policy => Limit.AtLeast(policy.Computer.MinFreeMemoryMib, VssCatalogue.MemoryAvailable),
        hysteresis => hysteresis.Memory);
}
