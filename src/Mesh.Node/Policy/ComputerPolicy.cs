namespace Mesh.Node.Policy;

/// <summary>How much of the computer work may use: the vehicle's own software comes first.</summary>
public sealed record ComputerPolicy
{
    /// <summary>Nothing is limited; the process's priority and control group stay as they are.</summary>
    public static ComputerPolicy Unlimited { get; } = new() { Threads = int.MaxValue, MemoryBytes = long.MaxValue, MinFreeMemoryMib = null, Nice = 0 };

    /// <summary>Processor threads, of all inferences together.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>For loaded models.</summary>
    public long MemoryBytes { get; init; } = 1L << 30;

    /// <summary>Memory that must stay free for others, MiB.</summary>
    public int? MinFreeMemoryMib { get; init; } = 512;

    /// <summary>Priority of the process: 0 = normal, 19 = lowest.</summary>
    public int Nice { get; init; } = 10;
}
