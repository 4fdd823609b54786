using Mesh.Messages;

namespace Mesh.Node.Metering;

/// <summary>One job's part in what a vehicle used, without anything of its content. A job that never ran has a cost of nothing.</summary>
/// <param name="Model">Name and version.</param>
/// <param name="BytesIn">Of its input tensors.</param>
/// <param name="BytesOut">Of its output tensors.</param>
public sealed record JobUsage(string Model, bool IsBatch, AttemptOutcome Outcome, long BytesIn, long BytesOut, RunCost Cost)
{
    public DayUsage Day(bool isMetered) => DayUsage.Of(BytesIn + BytesOut, isMetered, Cost.EnergyUj);
}
