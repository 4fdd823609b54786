using System.Buffers;
using System.Runtime.InteropServices;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Messages.Work;
using Mesh.Seed.Batches.Lines;
using Mesh.Seed.Ingress.Rest;
using Mesh.Seed.Routing;

namespace Mesh.Seed.Batches.Running;

// The run's loop: results become lines, lines become blobs, blobs are recorded.
internal sealed partial class BatchRun
{
    /// <summary>Lines are written and recorded together until there are so many bytes of them …</summary>
    private const int FlushBytes = 4 << 20;

    /// <summary>… or so many lines, since vehicles wait when they keep some thousands of results …</summary>
    private const int FlushLines = 2048;

    private const int MaxErrorLength = 2000;

    /// <summary>Writes under way: while one syncs, the next is recorded.</summary>
    private const int MaxWrites = 3;

    /// <summary>… or the first of them has waited for so long, or a unit ends.</summary>
    private static readonly TimeSpan FlushAfter = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _writes = new(MaxWrites, MaxWrites);
    private Gathering _gathering;
    private Task _lastWrite = Task.CompletedTask;
    private ITimer? _flushTimer;
    private long _lastTicket;

    private async Task GatherAsync()
    {
        await using var timer = _flushTimer = _parts.Time.CreateTimer(
            _ => Post(FlushDue.Instance), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var reader = _inbox.Reader;
        while (await reader.WaitToReadAsync(Ending))
        {
            while (reader.TryRead(out var item))
            {
                await HandleAsync(item);
                if (IsFull)
                    await FlushAsync();
            }
        }
    }

    private async ValueTask HandleAsync(object item)
    {
        switch (item)
        {
            case UnitArrival arrival:
                _inbox.Taken(arrival);
                await TakeAsync(arrival);
                break;
            case Refused refused: await TakeAsync(refused); break;
            case UnitOver over: await EndAsync(over); break;
            case CloseOut over: await WriteOffAsync(over); break;
            case FlushDue: await FlushAsync(); break;
            default: throw new InvalidOperationException($"{item.GetType()} is nothing that a run takes.");
        }
    }

    private async ValueTask TakeAsync(UnitArrival arrival)
    {
        var unit = arrival.Unit;
        // Without the model, which is away or not needed any more, no result can be written: the lines are run again, if at all.
        if (unit.IsClosed || Model is null)
        {
            Discard(arrival);
            return;
        }

        var part = Part(unit.Number);
        part.Stream = arrival.Stream;
        if (unit.Stream is null)
            await LoadAsync(unit, arrival.Results);
        var before = part.Done.Count + part.Failed.Count;
        foreach (var result in arrival.Results.Results)
        {
            Take(unit, part, result);
            // It is forgotten by its vehicle with what is recorded now, at the latest.
            part.Acks.Add((int)result.Line);
        }

        unit.Measure(part.Done.Count + part.Failed.Count - before, _parts.Time);
        await CloseIfCompleteAsync(unit);
    }

    /// <summary>The unit is over: what it got is being recorded, and these lines are others' now.</summary>
    private void Discard(UnitArrival arrival)
    {
        _parts.Metrics.Results(ResultKind.Stale, arrival.Results.Results.Count);
        var open = arrival.Results.Results.Select(result => (int)result.Line).Where(line => arrival.Unit.Claims.Look(line) == LineClaim.Accepted);
        arrival.Stream.TryAckUnit(arrival.Unit.Number, [.. open]);
    }

    private void Take(UnitRun unit, Gathering.Part part, UnitLineResult result)
    {
        var line = (int)result.Line;
        var claim = unit.Claims.Look(line);
        // A line that was not sent yet has no result: it is made up.
        if (claim != LineClaim.Accepted || unit.Back(line) is not { } sent)
        {
            _parts.Metrics.Results(claim == LineClaim.Duplicate ? ResultKind.Duplicate : ResultKind.Unknown, 1);
            return;
        }

        _parts.Metrics.Results(ResultKind.Accepted, 1);
        _parts.Metrics.Energy.Spent(Model!.Reference.Name, result.Timings().EnergyUj);
        switch (result.Status)
        {
            case AttemptStatus.AttemptOk:
                unit.Claims.Take(line);
                Answer(unit, part, line, sent, result);
                break;
            case AttemptStatus.AttemptInvalid:
                unit.Claims.Take(line);
                Fail(part, line, sent.CustomId, StatusCodes.Status400BadRequest, result.Error);
                break;
            default:
                // Whether others shall try is the JobRouter's to say, which knows them.
                unit.Claims.GiveUp(line);
                NoteFailure(line, result.Error);
                break;
        }
    }

    private void NoteFailure(int line, string error)
    {
        error = error.Length <= MaxErrorLength ? error : error[..MaxErrorLength];
        // What keeps a vehicle from one line keeps it from the next as well: one string for all of them.
        _lastError = error == _lastError ? _lastError : error;
        _failures[line] = (_failures.GetValueOrDefault(line).Count + 1, _lastError);
    }

    private void Answer(UnitRun unit, Gathering.Part part, int line, SentLine sent, UnitLineResult result)
    {
        var start = _gathering.Results.Length;
        var outcome = new InferenceOutcome(
            RequestOutcome.Ok,
            "",
            result.Outputs.FromWire(),
            null,
            unit.Vehicle,
            _failures.GetValueOrDefault(line).Count + 1,
            result.Timings());
        _failures.Remove(line);
        if (OutputLines.WriteAnswer(_gathering.Results, Batch, line, sent.CustomId, Model!, sent.Call, outcome))
        {
            part.Done.Add(line);
            return;
        }

        _gathering.Errors.Write(_gathering.Results.Written.Span[start..]);
        _gathering.Results.Truncate(start);
        part.Failed.Add(line);
    }

    private void Fail(Gathering.Part part, int line, string? customId, int status, string error)
    {
        OutputLines.WriteFailure(_gathering.Errors, Batch, line, customId, status, error);
        part.Failed.Add(line);
    }

    private async ValueTask TakeAsync(Refused refused)
    {
        var (unit, bad, line) = (refused.Unit, refused.Bad, refused.Line);
        unit.RefusalTaken(line);
        if (unit.IsClosed)
            return;
        unit.Claims.Refuse(line);
        var part = Part(unit.Number);
        if (bad is null)
        {
            Fail(part, line, refused.CustomId, StatusCodes.Status400BadRequest, refused.Reason);
        }
        else
        {
            OutputLines.WriteBadLine(_gathering.Errors, Batch, bad);
            part.Failed.Add(line);
        }

        await CloseIfCompleteAsync(unit);
    }

    /// <summary>What a vehicle kept from before this run: its lines are read again for what their results need.</summary>
    private async ValueTask LoadAsync(UnitRun unit, UnitResults results)
    {
        List<int> missing = [.. results.Results.Select(result => (int)result.Line).Distinct()
            .Where(line => unit.Claims.Look(line) == LineClaim.Accepted && !unit.Sent.ContainsKey(line))];
        await foreach (var reader in ReadAsync(LineSet.Of(missing), Ending))
        {
            if (Read(reader, out _) is { } line)
                unit.Sent[reader.Index] = line;
        }
    }

    private ValueTask CloseIfCompleteAsync(UnitRun unit) => unit.Claims.IsComplete
        ? CloseAsync(unit, unit.Claims.GivenUp.Count > 0 ? UnitEnd.Failed : null)
        : ValueTask.CompletedTask;

    private ValueTask EndAsync(UnitOver over)
    {
        if (_office.Units.GetValueOrDefault(over.Unit) is not { } unit || unit.Run != this || unit.IsClosed)
            return ValueTask.CompletedTask; // It has ended by itself, and the JobRouter will hear so.
        // One that was sent before this run may be at its vehicle still, whose stream has another number since.
        if (over.How is UnitEnd.Withdrawn or UnitEnd.Lost)
            (unit.Stream ?? _parts.Streams.Find(unit.Vehicle))?.TryCancelUnit(unit.Number);
        return CloseAsync(unit, over.How);
    }

    private async ValueTask CloseAsync(UnitRun unit, UnitEnd? how)
    {
        unit.IsClosed = true;
        await unit.Ending.CancelAsync();
        unit.ReleaseAll();
        _gathering.Closings.Add((unit, how));
        await FlushAsync();
    }

    private async ValueTask WriteOffAsync(CloseOut over)
    {
        if (over.Unread)
        {
            foreach (var line in new LineSet(over.Lines).Lines)
                await WriteOffAsync(over, line, null);
        }
        else
        {
            await foreach (var reader in ReadAsync(over.Lines, Ending))
            {
                var line = BatchLine.Read(reader, _open.Request.Endpoint, _parts.Limits.MaxLineBytes);
                if (line.Fault is { } fault)
                    await WriteOffAsync(new BadLine(reader.Index, fault.Code, fault.Message, line.CustomId));
                else
                    await WriteOffAsync(over, reader.Index, line.CustomId);
            }
        }

        await FlushAsync();
    }

    private ValueTask WriteOffAsync(BadLine bad)
    {
        OutputLines.WriteBadLine(_gathering.Errors, Batch, bad);
        return WrittenOffAsync(bad.Line);
    }

    private ValueTask WriteOffAsync(CloseOut over, int line, string? customId)
    {
        if (over.Code is { } code)
        {
            OutputLines.WriteError(_gathering.Errors, Batch, line, customId, code, over.Message);
        }
        else
        {
            var why = _failures.TryGetValue(line, out var failure) ? $"{over.Message}: {failure.Error}" : over.Message;
            OutputLines.WriteFailure(_gathering.Errors, Batch, line, customId, StatusCodes.Status500InternalServerError, why);
        }

        _failures.Remove(line);
        return WrittenOffAsync(line);
    }

    private ValueTask WrittenOffAsync(int line)
    {
        Part(0).Failed.Add(line);
        return IsFull ? FlushAsync() : ValueTask.CompletedTask;
    }

    private Gathering.Part Part(ulong unit)
    {
        if (_gathering.IsEmpty)
            _flushTimer!.Change(FlushAfter, Timeout.InfiniteTimeSpan);
        return _gathering.Of(unit);
    }

    private bool IsFull => _gathering.Bytes >= FlushBytes || _gathering.Lines >= FlushLines;

    private async ValueTask FlushAsync()
    {
        if (_gathering.IsEmpty)
            return;
        await _writes.WaitAsync(Ending);
        var gathered = _gathering;
        _gathering = new Gathering();
        _lastWrite = WriteAsync(gathered, _lastWrite);
        _ = GuardAsync(_lastWrite);
    }

    /// <summary>Result blob synced, then recorded, then acknowledged; each write's record follows the one before.</summary>
    private async Task WriteAsync(Gathering gathered, Task before)
    {
        try
        {
            using (gathered)
            {
                var results = await StoreAsync(gathered.Results);
                var errors = await StoreAsync(gathered.Errors);
                await before;
                if (gathered.Outcomes() is { Count: > 0 } outcomes)
                    await RecordAsync(outcomes, results, errors);
            }
        }
        finally
        {
            _writes.Release();
        }

        foreach (var part in gathered.Parts)
        {
            _parts.Metrics.Lines(part.Done.Count, part.Failed.Count);
            if (part.Acks.Count > 0)
                part.Stream?.TryAckUnit(part.Unit, part.Acks);
        }

        foreach (var (unit, how) in gathered.Closings)
        {
            _office.Units.TryRemove(KeyValuePair.Create(unit.Number, unit));
            var ended = new EndedUnit(unit.Number, unit.Vehicle, unit.Lines, unit.Claims.Taken, how, unit.StartedAt);
            BatchSpans.UnitEnded(_open.Request.Trace, Batch, Model?.Reference, ended, _parts.Time.GetUtcNow());
            Tell(new UnitClosed(_open.Run, Batch, unit.Number, unit.Vehicle, how, unit.SecondsPerLine(_parts.Time), unit.Claims.Taken, unit.Claims.GivenUp.Ranges));
        }
    }

    private async Task<BlobReference?> StoreAsync(PooledBuffer lines)
    {
        if (lines.Length == 0)
            return null;
        MemoryMarshal.TryGetArray(lines.Written, out var bytes);
        await using var content = new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false);
        return await _parts.Blobs.WriteAsync(content, long.MaxValue, Ending);
    }

    private async Task RecordAsync(IReadOnlyList<UnitOutcomes> outcomes, BlobReference? results, BlobReference? errors)
    {
        var ticket = Interlocked.Increment(ref _lastTicket);
        var confirmation = _confirmations[ticket] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Tell(new OutcomesWritten(_open.Run, Batch, ticket, outcomes, results, errors));
        await confirmation.Task.WaitAsync(Ending);
    }
}
