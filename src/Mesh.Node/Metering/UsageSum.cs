using Mesh.Messages;

namespace Mesh.Node.Metering;

/// <summary>Sums over jobs, as the meter's files have them.</summary>
/// <param name="Inferences">Jobs that ran, also those that failed or were ended: what they took was spent.</param>
/// <param name="Answered">Of which gave an answer.</param>
/// <param name="BytesIn">Input tensors of all jobs, also those that never ran: they had come.</param>
/// <param name="EnergyErrorUj">By how much the energy may be off, either way.</param>
public readonly record struct UsageSum(
    long Inferences, long Answered, long BytesIn, long BytesOut, long WallNs, long CpuNs, long EnergyUj, long EnergyErrorUj)
{
    public UsageSum Plus(JobUsage job) => new(
        Inferences + (job.Cost.Runs > 0 ? 1 : 0),
        Answered + (job.Outcome == AttemptOutcome.Ok ? 1 : 0),
        BytesIn + job.BytesIn,
        BytesOut + job.BytesOut,
        WallNs + (job.Cost.Wall.Ticks * TimeSpan.NanosecondsPerTick),
        CpuNs + (job.Cost.Cpu.Ticks * TimeSpan.NanosecondsPerTick),
        EnergyUj + job.Cost.EnergyUj,
        EnergyErrorUj + job.Cost.EnergyErrorUj);
}
