using System.Collections.Concurrent;

namespace Mesh.Seed.Batches.Running;

/// <summary>What the runs of one term on this seed share.</summary>
/// <param name="tell">To the JobRouter.</param>
internal sealed class BatchOffice(long term, Action<IDeskCommand> tell)
{
    private ulong _lastUnit;

    public long Term => term;

    public Action<IDeskCommand> Tell => tell;

    public ConcurrentDictionary<string, BatchRun> Runs { get; } = new();

    /// <summary>Units whose results are taken.</summary>
    public ConcurrentDictionary<ulong, UnitRun> Units { get; } = new();

    public ConcurrentDictionary<long, StreamWindow> Windows { get; } = new();

    /// <summary>Ends with the term.</summary>
    public CancellationTokenSource Ending { get; } = new();

    /// <summary>The highest unit number that this seed has heard of.</summary>
    public ulong LastUnit
    {
        get => Volatile.Read(ref _lastUnit);
        set => Volatile.Write(ref _lastUnit, Math.Max(value, _lastUnit));
    }
}
