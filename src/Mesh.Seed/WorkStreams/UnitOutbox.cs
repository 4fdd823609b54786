using Mesh.Messages;
using Mesh.Messages.Work;

namespace Mesh.Seed.WorkStreams;

/// <summary>One line of a work unit to send. The tensors are wrapped, not copied: they stay untouched until its result is there.</summary>
/// <param name="Line">Index of the line in its batch.</param>
/// <param name="Outputs">Positions among the model's outputs; none = all.</param>
public sealed record OutgoingUnitLine(int Line, IReadOnlyList<RawTensor> Inputs, IReadOnlyList<int> Outputs)
{
    public int Bytes
    {
        get
        {
            var bytes = 0;
            for (var i = 0; i < Inputs.Count; i++)
                bytes += Inputs[i].Data.Length;
            return bytes;
        }
    }
}

/// <summary>
/// Unit lines that wait at one stream behind its interactive items: at most one window of them, as the vehicle would take
/// no more. Filled from any thread, emptied by the stream's writer a little with each frame.
/// </summary>
internal sealed class UnitOutbox
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Portion> _portions = new();
    private int _lines;
    private long _bytes;
    private volatile bool _closed;

    /// <summary>Whether a frame may take something. A false that is just becoming true is told by the stream's own queue.</summary>
    public bool HasAny => Volatile.Read(ref _lines) > 0;

    /// <summary>False: no room, or closed; nothing was queued.</summary>
    public bool TryAdd(ulong unit, ulong term, ModelReference model, IReadOnlyList<OutgoingUnitLine> lines, bool last)
    {
        // A message without lines, which only says that it was the last, counts as one but finds room always.
        var (count, bytes) = (Math.Max(1, lines.Count), lines.Sum(line => (long)line.Bytes));
        lock (_lock)
        {
            var full = lines.Count > 0
                && (_lines + count > WorkProtocol.UnitWindowLines || (_lines > 0 && _bytes + bytes > WorkProtocol.UnitWindowBytes));
            if (_closed || full)
                return false;
            _portions.AddLast(new Portion(unit, term, model, lines, last));
            _bytes += bytes;
            Volatile.Write(ref _lines, _lines + count);
            return true;
        }
    }

    public void Drop(ulong unit)
    {
        lock (_lock)
        {
            for (var node = _portions.First; node is not null;)
            {
                var next = node.Next;
                if (node.Value.Unit == unit)
                    Remove(node);
                node = next;
            }
        }
    }

    /// <summary>Takes no more, and lets go of what waits.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            _portions.Clear();
            _bytes = 0;
            Volatile.Write(ref _lines, 0);
        }
    }

    /// <summary>Adds lines to a frame, up to <see cref="WorkProtocol.UnitBytesPerFrame"/> but at least one.</summary>
    /// <param name="handle">The stream's name for a model.</param>
    /// <returns>Bytes of input added.</returns>
    public int Fill(SeedFrame frame, Func<SeedFrame, ModelReference, uint> handle)
    {
        var (bytes, lines) = (0, 0);
        lock (_lock)
        {
            while (lines < WorkProtocol.MaxItemsPerFrame && bytes < WorkProtocol.UnitBytesPerFrame && _portions.First is { } node)
            {
                var portion = node.Value;
                var message = new UnitLines { Unit = portion.Unit, Term = portion.Term, Model = handle(frame, portion.Model) };
                frame.UnitLines.Add(message);
                while (portion.Next < portion.Lines.Count && lines < WorkProtocol.MaxItemsPerFrame && bytes < WorkProtocol.UnitBytesPerFrame)
                {
                    var line = portion.Lines[portion.Next++];
                    message.Lines.Add(ToWire(line));
                    lines++;
                    bytes += line.Bytes;
                    _bytes -= line.Bytes;
                    Volatile.Write(ref _lines, _lines - 1);
                }

                if (portion.Next < portion.Lines.Count)
                    break;
                message.Last = portion.Last;
                lines++;
                Remove(node);
            }
        }

        return bytes;
    }

    /// <summary>Under the lock.</summary>
    private void Remove(LinkedListNode<Portion> node)
    {
        var portion = node.Value;
        _portions.Remove(node);
        var left = portion.Lines.Count == 0 ? 1 : portion.Lines.Count - portion.Next;
        for (var i = portion.Next; i < portion.Lines.Count; i++)
            _bytes -= portion.Lines[i].Bytes;
        Volatile.Write(ref _lines, _lines - left);
    }

    private static UnitLine ToWire(OutgoingUnitLine line)
    {
        var wire = new UnitLine { Line = (uint)line.Line };
        foreach (var input in line.Inputs)
            wire.Inputs.Add(input.ToWire());
        foreach (var output in line.Outputs)
            wire.Outputs.Add((uint)output);
        return wire;
    }

    private sealed record Portion(ulong Unit, ulong Term, ModelReference Model, IReadOnlyList<OutgoingUnitLine> Lines, bool Last)
    {
        /// <summary>The first line that was not sent yet.</summary>
        public int Next { get; set; }
    }
}
