using Mesh.Messages;
using Mesh.Messages.Control;

namespace Mesh.Seed.Batches;

/// <summary>
/// Files, batches, leases and outcomes as the JobRouter's journal has them. Pure: <see cref="Apply"/> is the only way to
/// change it, and refuses an event that contradicts what is recorded, so that no line ever gets a second outcome.
/// </summary>
public sealed partial class BatchBook
{
    private readonly OrderedDictionary<string, FileEntry> _files = [];
    private readonly OrderedDictionary<string, Batch> _batches = [];
    private readonly Dictionary<ulong, OpenUnit> _units = [];
    private readonly Dictionary<string, string> _byKey = [];
    private readonly HashSet<Batch> _active = [];
    private readonly BlobReferences _blobs = new();

    /// <summary>In the order of their creation.</summary>
    public IReadOnlyDictionary<string, FileEntry> Files => _files;

    /// <summary>In the order of their creation.</summary>
    public IReadOnlyDictionary<string, Batch> Batches => _batches;

    /// <summary>Leases that are open.</summary>
    public IReadOnlyDictionary<ulong, OpenUnit> Units => _units;

    /// <summary>Batches that have not ended.</summary>
    public IReadOnlyCollection<Batch> Active => _active;

    /// <summary>Of the last unit that was started; the next one gets the next.</summary>
    public ulong LastUnit { get; private set; }

    public BlobReferences Blobs => _blobs;

    /// <summary>The batch that an idempotency key made; null when it made none.</summary>
    public Batch? ByKey(string key) => _byKey.TryGetValue(key, out var batch) ? _batches[batch] : null;

    /// <summary>Whether a batch that has not ended reads the file.</summary>
    public bool IsNeeded(string file) => _active.Any(batch => batch.Entry.Request.InputFileId == file);

    /// <param name="term">In office: that of the leases that start.</param>
    public void Apply(IBatchEvent change, long term)
    {
        switch (change)
        {
            case FileAdded added: Add(added.File); break;
            case FileRemoved removed: Remove(removed.File, removed.At); break;
            case BatchCreated created: Created(created); break;
            case BatchValidated validated: Validated(validated); break;
            case BatchFailed failed: Failed(failed); break;
            case UnitStarted started: Started(started, term); break;
            case OutcomesRecorded recorded: Recorded(recorded); break;
            case UnitEnded ended: Ended(ended.Unit); break;
            case BatchCancelling cancelling: Cancelling(cancelling); break;
            case BatchFinalizing finalizing: Finalizing(finalizing); break;
            case BatchEnded ended: Ended(ended); break;
            case BatchForgotten forgotten: Forgotten(forgotten); break;
            case BlobsRemoved removed: _blobs.Removed(removed.Blobs, removed.At); break;
            default: throw new ArgumentOutOfRangeException(nameof(change), change, "The batch book knows no such event.");
        }
    }

    /// <summary>Whether every line of these outcomes is where they say and has no outcome yet. Others must not be journaled.</summary>
    public bool Accepts(OutcomesRecorded outcomes) =>
        _batches.TryGetValue(outcomes.Batch, out var batch)
        && outcomes.Units.DistinctBy(unit => unit.Unit).Count() == outcomes.Units.Count
        && outcomes.Units.All(unit =>
        {
            var from = unit.Unit == 0 ? batch.Pending : batch.Units.GetValueOrDefault(unit.Unit)?.Left;
            var lines = unit.Done.Concat(unit.Failed).OrderBy(range => range.First).ToList();
            return from is not null
                && lines.TrueForAll(from.Contains)
                && lines.Zip(lines.Skip(1), (one, next) => one.First + one.Count <= next.First).All(apart => apart);
        });

    public BatchBookSnapshot ToSnapshot() => new(
        LastUnit,
        [.. _files.Values],
        [.. _batches.Values.Select(batch => batch.ToRecord())],
        [.. _units.Values.OrderBy(unit => unit.Number).Select(unit => unit.ToLease())],
        _blobs.Orphans);

    public void Restore(BatchBookSnapshot snapshot)
    {
        LastUnit = snapshot.LastUnit;
        foreach (var file in snapshot.Files)
            Add(file);
        foreach (var record in snapshot.Batches)
        {
            var batch = new Batch(record);
            Add(batch);
            _blobs.Hold(batch.Results.Concat(batch.Errors));
        }

        foreach (var lease in snapshot.Units)
            Open(new OpenUnit(lease.Unit, _batches[lease.Batch], lease.Vehicle, lease.Term, lease.Left));
        _blobs.Restore(snapshot.Orphans);
    }

    private void Add(FileEntry file)
    {
        _files.Add(file.Id, file);
        _blobs.Hold(file.Parts);
    }

    private void Remove(string file, DateTimeOffset at)
    {
        var entry = _files[file];
        _files.Remove(file);
        _blobs.Release(entry.Parts, at);
    }

    private void Created(BatchCreated created) => Add(new Batch(created));

    private void Add(Batch batch)
    {
        _batches.Add(batch.Id, batch);
        if (batch.Entry.Request.IdempotencyKey is { } key)
            _byKey[key] = batch.Id;
        if (!batch.IsOver)
            _active.Add(batch);
    }

    private void Validated(BatchValidated validated)
    {
        var batch = _batches[validated.Batch];
        // One that ends before its lines were counted never was in progress.
        batch.Entry = batch.IsClosing
            ? batch.Entry with { Total = validated.Lines }
            : batch.Entry with
            {
                Status = BatchStatus.InProgress,
                Total = validated.Lines,
                Times = batch.Entry.Times with { InProgressAt = validated.At },
            };
        batch.Pending.Add(new LineRange(0, validated.Lines));
    }

    private void Failed(BatchFailed failed)
    {
        var batch = _batches[failed.Batch];
        batch.Entry = batch.Entry with
        {
            Status = BatchStatus.Failed,
            Faults = failed.Faults,
            Times = batch.Entry.Times with { FailedAt = failed.At },
        };
        _active.Remove(batch);
    }

    private void Started(UnitStarted started, long term)
    {
        if (started.Unit <= LastUnit)
            throw new InvalidOperationException($"Unit {started.Unit} is not new: {LastUnit} was the last.");
        var batch = _batches[started.Batch];
        LastUnit = started.Unit;
        Open(new OpenUnit(started.Unit, batch, started.Vehicle, term, started.Lines));
    }

    private void Open(OpenUnit unit)
    {
        foreach (var range in unit.Left.Ranges)
            unit.Batch.Pending.Remove(range);
        _units.Add(unit.Number, unit);
        unit.Batch.Units.Add(unit.Number, unit);
    }

    private void Recorded(OutcomesRecorded recorded)
    {
        var batch = _batches[recorded.Batch];
        foreach (var outcomes in recorded.Units)
        {
            // A line leaves where it waits or is leased, and enters what has an outcome: a second outcome throws.
            var from = outcomes.Unit == 0 ? batch.Pending : batch.Units[outcomes.Unit].Left;
            Move(outcomes.Done, from, batch.Done);
            Move(outcomes.Failed, from, batch.Failed);
            if (outcomes.Unit != 0 && from.Count == 0)
                Ended(outcomes.Unit);
        }

        if (recorded.Results is { } results)
            batch.Results.Add(results);
        if (recorded.Errors is { } errors)
            batch.Errors.Add(errors);
        _blobs.Hold(new[] { recorded.Results, recorded.Errors }.OfType<BlobReference>());
        batch.Entry = batch.Entry with { Completed = batch.Done.Count, Failed = batch.Failed.Count };
    }

    private static void Move(IReadOnlyList<LineRange> lines, LineSet from, LineSet to)
    {
        foreach (var range in lines)
        {
            from.Remove(range);
            to.Add(range);
        }
    }

    private void Ended(ulong number)
    {
        if (!_units.Remove(number, out var unit))
            throw new InvalidOperationException($"Unit {number} is not open.");
        unit.Batch.Units.Remove(number);
        foreach (var range in unit.Left.Ranges)
            unit.Batch.Pending.Add(range);
    }

    private void Cancelling(BatchCancelling cancelling)
    {
        var batch = _batches[cancelling.Batch];
        batch.Entry = batch.Entry with
        {
            Status = BatchStatus.Cancelling,
            Times = batch.Entry.Times with { CancellingAt = cancelling.At },
        };
    }

    private void Finalizing(BatchFinalizing finalizing)
    {
        var batch = _batches[finalizing.Batch];
        batch.Expired = finalizing.Expired;
        batch.Entry = batch.Entry with
        {
            Status = BatchStatus.Finalizing,
            Times = batch.Entry.Times with { FinalizingAt = finalizing.At },
        };
    }

    private void Ended(BatchEnded ended)
    {
        var batch = _batches[ended.Batch];
        if (!batch.IsSettled)
            throw new InvalidOperationException($"{batch.Id} cannot end: {batch.Pending.Count} lines wait and {batch.Units.Count} units are open.");
        var times = batch.Entry.Times;
        batch.Entry = batch.Entry with
        {
            Status = ended.Status,
            OutputFileId = ended.Output?.Id,
            ErrorFileId = ended.Errors?.Id,
            Times = ended.Status switch
            {
                BatchStatus.Completed => times with { CompletedAt = ended.At },
                BatchStatus.Expired => times with { ExpiredAt = ended.At },
                BatchStatus.Cancelled => times with { CancelledAt = ended.At },
                _ => throw new ArgumentOutOfRangeException(nameof(ended), ended, "A batch does not end like this."),
            },
        };
        // First the files hold the blobs, then the batch lets go of them.
        foreach (var file in new[] { ended.Output, ended.Errors }.OfType<FileEntry>())
            Add(file);
        _blobs.Release(batch.Results.Concat(batch.Errors), ended.At);
        batch.Strip();
        _active.Remove(batch);
    }

    private void Forgotten(BatchForgotten forgotten)
    {
        var batch = _batches[forgotten.Batch];
        if (!batch.IsOver)
            throw new InvalidOperationException($"{batch.Id} has not ended.");
        _batches.Remove(forgotten.Batch);
        if (batch.Entry.Request.IdempotencyKey is { } key && _byKey.GetValueOrDefault(key) == batch.Id)
            _byKey.Remove(key);
    }
}
