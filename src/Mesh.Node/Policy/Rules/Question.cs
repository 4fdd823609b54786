using Mesh.Node.Telemetry;

namespace Mesh.Node.Policy.Rules;

/// <summary>What rules are asked about.</summary>
internal sealed record Question(TelemetrySnapshot Telemetry, OwnerPolicy Policy, UsageToday Usage)
{
    public DateTimeOffset Now => Telemetry.Now;
}
