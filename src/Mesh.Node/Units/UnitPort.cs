using Mesh.Messages.Work;
using Mesh.Node.Inference;

namespace Mesh.Node.Units;

/// <summary>
/// One work stream as <see cref="UnitWork"/> sees it: what came over it and what is to go over it. Guarded by its lock, except
/// for <see cref="HasAny"/>. To be detached when the stream ends.
/// </summary>
public sealed class UnitPort
{
    /// <summary>A seed stops sending lines of a unit once it hears that it was closed: so many never pile up.</summary>
    private const int MaxClosed = 4096;

    private readonly Queue<Outgoing> _outgoing = new();
    private readonly HashSet<ulong> _closed = [];
    private readonly Action _wake;
    private int _waiting;

    /// <param name="wake">Called when there is something to send and the stream's writer may not know; must not block.</param>
    public UnitPort(IArtifactSource artifacts, Action wake) => (Artifacts, _wake) = (artifacts, wake);

    /// <summary>Whether a frame may take something.</summary>
    public bool HasAny => Volatile.Read(ref _waiting) > 0;

    internal IArtifactSource Artifacts { get; }

    /// <summary>Lines that came over it and have no result yet, with the bytes of their inputs.</summary>
    internal int Lines { get; set; }

    internal long Bytes { get; set; }

    internal void Send(UnitLineKey result) => Send(new Outgoing(result, null));

    internal void Send(ulong unit, UnitState state, string reason) =>
        Send(new Outgoing(default, new UnitNotice { Unit = unit, State = state, Reason = reason }));

    /// <summary>Nothing more of this unit is taken; messages of it that are still under way are passed over.</summary>
    internal void Close(ulong unit, bool last)
    {
        if (last)
            return;
        if (_closed.Count >= MaxClosed)
            _closed.Clear();
        _closed.Add(unit);
    }

    /// <summary>Whether lines of a unit come late. With the last of them its number is forgotten.</summary>
    internal bool IsClosed(ulong unit, bool last) => last ? _closed.Remove(unit) : _closed.Contains(unit);

    /// <summary>Adds to a frame up to <see cref="WorkProtocol.UnitBytesPerFrame"/>; results that were acknowledged meanwhile are passed over.</summary>
    internal void Fill(VehicleFrame frame, UnitResultStore kept)
    {
        var (items, bytes) = (0, 0);
        while (items < WorkProtocol.MaxItemsPerFrame && bytes < WorkProtocol.UnitBytesPerFrame && _outgoing.TryPeek(out var next))
        {
            // In a frame results stand before notices, so a result after a notice waits for the next one.
            if (next.Notice is null && frame.UnitNotices.Count > 0)
                break;
            _outgoing.Dequeue();
            items++;
            if (next.Notice is not null)
                frame.UnitNotices.Add(next.Notice);
            else if (kept.Find(next.Result) is { } result)
                bytes += Add(frame, next.Result.Unit, result);
        }

        Volatile.Write(ref _waiting, _outgoing.Count);
    }

    private static int Add(VehicleFrame frame, ulong unit, UnitLineResult result)
    {
        if (frame.UnitResults.Count == 0 || frame.UnitResults[^1].Unit != unit)
            frame.UnitResults.Add(new UnitResults { Unit = unit });
        frame.UnitResults[^1].Results.Add(result);
        return result.Outputs.Bytes();
    }

    private void Send(Outgoing item)
    {
        _outgoing.Enqueue(item);
        Volatile.Write(ref _waiting, _outgoing.Count);
        // The writer goes on by itself while something is left.
        if (_outgoing.Count == 1)
            _wake();
    }

    /// <summary>A result by its name, or a notice.</summary>
    private readonly record struct Outgoing(UnitLineKey Result, UnitNotice? Notice);
}
