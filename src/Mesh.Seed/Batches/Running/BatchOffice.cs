using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Mesh.Seed.WorkStreams;

namespace Mesh.Seed.Batches.Running;

/// <summary>What the runs of one term on this seed share.</summary>
/// <param name="tell">To the JobRouter.</param>
internal sealed class BatchOffice(long term, Action<IDeskCommand> tell)
{
    private readonly ConditionalWeakTable<WorkStreamConnection, ResultAllowance> _waiting = [];
    private ulong _lastUnit;

    public long Term => term;

    public Action<IDeskCommand> Tell => tell;

    public ConcurrentDictionary<string, BatchRun> Runs { get; } = new();

    /// <summary>Units whose results are taken.</summary>
    public ConcurrentDictionary<ulong, UnitRun> Units { get; } = new();

    public ConcurrentDictionary<long, StreamWindow> Windows { get; } = new();

    /// <summary>Ends with the term.</summary>
    public CancellationTokenSource Ending { get; } = new();

    /// <summary>Results of the stream that wait in runs. It is gone with the stream.</summary>
    public ResultAllowance WaitingOf(WorkStreamConnection stream) => _waiting.GetValue(stream, _ => new ResultAllowance());

    /// <summary>The highest unit number that this seed has heard of.</summary>
    public ulong LastUnit
    {
        get => Volatile.Read(ref _lastUnit);
        set => Volatile.Write(ref _lastUnit, Math.Max(value, _lastUnit));
    }
}
