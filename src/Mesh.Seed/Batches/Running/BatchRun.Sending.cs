using Mesh.Messages.Control;
using Mesh.Messages.Work;
using Mesh.Seed.Batches.Lines;
using Mesh.Seed.Ingress;
using Mesh.Seed.WorkStreams;

namespace Mesh.Seed.Batches.Running;

// How a unit's lines get to its vehicle.
internal sealed partial class BatchRun
{
    /// <summary>Lines that are sent together, so that the vehicle starts before the whole window is read.</summary>
    private const int ChunkLines = 64;

    private const int ChunkBytes = 256 << 10;

    private async Task SendAsync(UnitRun unit)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(unit.Ending.Token, Ending);
        try
        {
            await unit.Window!.Turn.WaitAsync(ending.Token);
            try
            {
                await SendAsync(unit, ending.Token);
            }
            finally
            {
                unit.Window.Turn.Release();
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The unit or the run is over.
        }
    }

    private async Task SendAsync(UnitRun unit, CancellationToken ending)
    {
        var chunk = new Chunk(unit, _office.Term, this);
        await foreach (var reader in ReadAsync(unit.Lines, ending))
        {
            if (Read(reader, out var refused) is not { } line)
            {
                await RefuseAsync(refused! with { Unit = unit }, ending);
                continue;
            }

            var bytes = Math.Max(1, (int)Math.Min(line.Call.Call.PayloadBytes, int.MaxValue));
            if (!unit.Window!.TryTake(bytes))
            {
                if (!chunk.TrySend(last: false))
                    return;
                await unit.Window.TakeAsync(bytes, ending);
            }

            unit.Sent[reader.Index] = line with { Bytes = bytes };
            if (ending.IsCancellationRequested)
            {
                // What was out has been released already, this line perhaps not.
                unit.Back(reader.Index);
                return;
            }

            chunk.Add(reader.Index, line, bytes);
            if (chunk.IsFull && !chunk.TrySend(last: false))
                return;
        }

        chunk.TrySend(last: true);
    }

    /// <summary>As a line that is sent: no more of them wait for the loop than the window lets out.</summary>
    private async ValueTask RefuseAsync(Refused refused, CancellationToken ending)
    {
        await refused.Unit.Window!.TakeAsync(UnitRun.RefusalBytes, ending);
        refused.Unit.RefusalWaits(refused.Line);
        if (ending.IsCancellationRequested)
            refused.Unit.RefusalTaken(refused.Line); // What waited has been released already, this one perhaps not.
        else
            Post(refused);
    }

    /// <summary>The line at which the reader stands; null when it cannot be run, and why.</summary>
    private SentLine? Read(LineReader reader, out Refused? refused)
    {
        var line = BatchLine.Read(reader, _open.Request.Endpoint, _parts.Limits.MaxLineBytes);
        refused = null;
        if (line.Fault is { } fault)
        {
            refused = new Refused(null!, new BadLine(reader.Index, fault.Code, fault.Message, line.CustomId), reader.Index, line.CustomId, fault.Message);
            return null;
        }

        try
        {
            return new SentLine(line.CustomId!, BatchRequest.Read(Model!, line.Body, _parts.DefaultTimeout), 0);
        }
        catch (RequestRefusedException e)
        {
            refused = new Refused(null!, null, reader.Index, line.CustomId, e.Message);
            return null;
        }
    }

    private sealed class Chunk(UnitRun unit, long term, BatchRun run)
    {
        private List<OutgoingUnitLine> _lines = [];
        private long _bytes;

        public bool IsFull => _lines.Count >= ChunkLines || _bytes >= ChunkBytes;

        public void Add(int line, SentLine sent, int bytes)
        {
            _lines.Add(new OutgoingUnitLine(line, sent.Call.Call.Inputs, sent.Call.Call.Outputs));
            _bytes += bytes;
        }

        /// <summary>False: the stream takes no more.</summary>
        public bool TrySend(bool last)
        {
            if (_lines.Count == 0 && !last)
                return true;
            unit.LinesSent(run._parts.Time);
            if (unit.Stream!.TrySendUnitLines(unit.Number, (ulong)term, run.Model!.Reference, _lines, last))
            {
                (_lines, _bytes) = ([], 0);
                return true;
            }

            // A stream that is gone is told to the JobRouter, which waits for its vehicle; one that is there is stuck.
            if (run._parts.Streams.Find(unit.Stream.Id) is not null)
                run.Post(new UnitOver(unit.Number, UnitEnd.Lost));
            return false;
        }
    }
}
