using System.Collections.Concurrent;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Batches.Lines;
using Mesh.Seed.WorkStreams;

namespace Mesh.Seed.Batches.Running;

/// <summary>A line that a vehicle has, or had, with what its result line needs.</summary>
/// <param name="Bytes">In the stream's window; 0 = not in it.</param>
internal sealed record SentLine(string CustomId, BatchCall Call, int Bytes);

/// <summary>One unit while its lease is open. But for <see cref="Sent"/>, only the loop of its <see cref="BatchRun"/> touches it.</summary>
internal sealed class UnitRun(BatchRun run, ulong number, VehicleId vehicle, IReadOnlyList<LineRange> lines, WorkStreamConnection? stream, StreamWindow? window)
{
    /// <summary>Fewer results than these tell nothing about a vehicle's speed.</summary>
    private const int LeastMeasured = 8;

    /// <summary>In the window, of a line that the seed refused and the loop has not settled.</summary>
    public const int RefusalBytes = 1;

    private readonly ConcurrentDictionary<int, bool> _refusals = new();
    private long _firstSent;
    private long _begun;
    private long _last;
    private int _results;

    public BatchRun Run => run;

    public ulong Number => number;

    public VehicleId Vehicle => vehicle;

    public IReadOnlyList<LineRange> Lines => lines;

    /// <summary>Where its lines are sent; null when that was before this run.</summary>
    public WorkStreamConnection? Stream => stream;

    public StreamWindow? Window => window;

    /// <summary>It was leased, or adopted.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    public UnitClaims Claims { get; } = new(lines);

    /// <summary>Lines out, by their index. Written by the sender, taken by the loop.</summary>
    public ConcurrentDictionary<int, SentLine> Sent { get; } = new();

    /// <summary>Ends its sender.</summary>
    public CancellationTokenSource Ending { get; } = new();

    /// <summary>It is closing: nothing more is taken.</summary>
    public bool IsClosed { get; set; }

    public void LinesSent(TimeProvider time)
    {
        if (_firstSent == 0)
            Volatile.Write(ref _firstSent, time.GetTimestamp());
    }

    /// <summary>A line has its result: the window has room again.</summary>
    public SentLine? Back(int line)
    {
        if (!Sent.TryRemove(line, out var sent))
            return null;
        if (sent.Bytes > 0)
            window?.Release(1, sent.Bytes);
        return sent;
    }

    public void RefusalWaits(int line) => _refusals[line] = true;

    public void RefusalTaken(int line)
    {
        if (_refusals.TryRemove(line, out _))
            window?.Release(1, RefusalBytes);
    }

    /// <summary>What is still out will not come.</summary>
    public void ReleaseAll()
    {
        foreach (var line in _refusals.Keys)
            RefusalTaken(line);
        foreach (var line in Sent.Keys)
            Back(line);
    }

    public void Measure(int results, TimeProvider time)
    {
        if (window is null)
            return;
        // A unit that waited behind another one began when that ended.
        if (_results == 0)
            _begun = Math.Max(Volatile.Read(ref _firstSent), window.LastResult);
        _results += results;
        _last = window.LastResult = time.GetTimestamp();
    }

    public double? SecondsPerLine(TimeProvider time) =>
        _results >= LeastMeasured && _begun != 0 ? time.GetElapsedTime(_begun, _last).TotalSeconds / _results : null;
}
