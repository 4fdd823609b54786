namespace Mesh.Node.Limits;

/// <summary>How much of the computer the vehicle's process may use; null = no limit.</summary>
/// <param name="Cores">Of processor time, above 0: one thread that is always busy uses 1.</param>
/// <param name="MemoryBytes">Of the whole process, not of models alone.</param>
public sealed record CgroupLimits(double? Cores, long? MemoryBytes)
{
    /// <summary>Processor time beside others that want it, 1 to 10,000, where everything else has 100.</summary>
    public int Weight { get; init; } = 10;

    public override string ToString() => FormattableString.Invariant(
        $"{(Cores is { } cores ? $"{cores:0.##}" : "all")} cores at weight {Weight}, {(MemoryBytes is { } bytes ? $"{bytes} bytes" : "any memory")}");
}
