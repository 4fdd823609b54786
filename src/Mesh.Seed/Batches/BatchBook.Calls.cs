using Mesh.Messages.Control;

namespace Mesh.Seed.Batches;

// What clients ask for. Decides; nothing here changes the book.
public sealed partial class BatchBook
{
    /// <summary>Bytes of a page stay far below a frame of Akka.Remote, whatever its entries hold.</summary>
    private const int FilesPerPage = 200;

    private const int BatchesPerPage = 20;

    /// <summary>A client's call: what to journal, and the answer that is true once it is.</summary>
    public CallDecision Decide(IBatchCall call, DateTimeOffset now, BatchSettings settings) => call switch
    {
        AddFile add => DecideAdd(add.File, now, settings),
        CheckRoom => RefuseIfFull(settings) ?? CallDecision.Of(new FileAnswer(null)),
        GetFile get => CallDecision.Of(new FileAnswer(Find(get.File, now))),
        ListFiles list => DecideList(list, now),
        RemoveFile remove => DecideRemove(remove.File, now),
        CreateBatch create => DecideCreate(create, now, settings),
        GetBatch get => CallDecision.Of(new BatchAnswer(_batches.GetValueOrDefault(get.Batch)?.Entry)),
        ListBatches list => DecideList(list),
        CancelBatch cancel => DecideCancel(cancel.Batch, now),
        _ => throw new ArgumentOutOfRangeException(nameof(call), call, "The batch book knows no such call."),
    };

    private FileEntry? Find(string id, DateTimeOffset now) =>
        _files.TryGetValue(id, out var file) && !(file.ExpiresAt <= now) ? file : null;

    private CallDecision DecideAdd(FileEntry file, DateTimeOffset now, BatchSettings settings)
    {
        if (_files.TryGetValue(file.Id, out var known))
        {
            return known.Parts.SequenceEqual(file.Parts)
                ? CallDecision.Of(new FileAnswer(known))
                : Refuse(BatchRefusal.Conflict, $"there is another file with id {file.Id}");
        }

        if (RefuseIfFull(settings) is { } full)
            return full;
        if (file.Parts.Any(part => !_blobs.IsHeld(part.Hash) && now - _blobs.RemovedAt(part.Hash) < settings.RemovalSettles))
            return Refuse(BatchRefusal.Unavailable, "the same content has just been removed for good: upload it again in some minutes");
        return new CallDecision([new FileAdded(file, now)], book => new FileAnswer(book._files[file.Id]));
    }

    /// <summary>Null when there is room for another file.</summary>
    private CallDecision? RefuseIfFull(BatchSettings settings) => _files.Count < settings.MaxFiles
        ? null
        : Refuse(BatchRefusal.Overloaded, $"{_files.Count} files are on record, as many as may: delete some");

    private CallDecision DecideRemove(string id, DateTimeOffset now)
    {
        if (Find(id, now) is not { } file)
            return CallDecision.Of(new FileAnswer(null));
        if (IsNeeded(id))
            return Refuse(BatchRefusal.Conflict, $"a batch that has not ended reads file {id}: cancel it first", "file_in_use");
        return new CallDecision([new FileRemoved(id, now)], _ => new FileAnswer(file));
    }

    private CallDecision DecideCreate(CreateBatch create, DateTimeOffset now, BatchSettings settings)
    {
        var request = create.Request;
        if (_batches.TryGetValue(create.Batch, out var again))
            return CallDecision.Of(new BatchAnswer(again.Entry));
        if (request.IdempotencyKey is { } key && ByKey(key) is { } same)
        {
            return IsSame(same.Entry.Request, request) && same.Entry.Request.OutputExpiresAfter == request.OutputExpiresAfter
                ? CallDecision.Of(new BatchAnswer(same.Entry))
                : Refuse(BatchRefusal.Conflict, "this idempotency key made a batch of another request", "idempotency_key_reused");
        }

        if (request.IdempotencyKey is null && FindTwin(request, now - settings.SameRequestWithin) is { } twin)
            return CallDecision.Of(new BatchAnswer(twin.Entry));
        if (Find(request.InputFileId, now) is not { } file)
            return Refuse(BatchRefusal.Invalid, $"there is no file {request.InputFileId}", "invalid_input_file_id", "input_file_id");
        if (file.Purpose != "batch")
        {
            return Refuse(
                BatchRefusal.Invalid, $"file {file.Id} has purpose '{file.Purpose}', not 'batch'", "invalid_input_file_id", "input_file_id");
        }

        if (_active.Count >= settings.MaxActive)
            return Refuse(BatchRefusal.Overloaded, $"{_active.Count} batches have not ended, as many as may");
        if (_batches.Count >= settings.MaxBatches)
            return Refuse(BatchRefusal.Overloaded, $"{_batches.Count} batches are on record, as many as may");
        return new CallDecision(
            [new BatchCreated(create.Batch, request, now)], book => new BatchAnswer(book._batches[create.Batch].Entry));
    }

    private Batch? FindTwin(NewBatch request, DateTimeOffset since)
    {
        // The newest are at the end.
        for (var i = _batches.Count - 1; i >= 0; i--)
        {
            var batch = _batches.GetAt(i).Value;
            if (batch.Entry.Times.CreatedAt < since)
                return null;
            if (IsSame(batch.Entry.Request, request))
                return batch;
        }

        return null;
    }

    private static bool IsSame(NewBatch one, NewBatch other) =>
        one.InputFileId == other.InputFileId
        && one.Endpoint == other.Endpoint
        && one.Window == other.Window
        && IsSame(one.Metadata, other.Metadata);

    private static bool IsSame(IReadOnlyDictionary<string, string>? one, IReadOnlyDictionary<string, string>? other) =>
        (one?.Count ?? 0) == (other?.Count ?? 0)
        && (one is null || one.All(pair => other!.TryGetValue(pair.Key, out var value) && value == pair.Value));

    private CallDecision DecideCancel(string id, DateTimeOffset now)
    {
        if (!_batches.TryGetValue(id, out var batch))
            return CallDecision.Of(new BatchAnswer(null));
        return batch.Entry.Status switch
        {
            BatchStatus.Validating or BatchStatus.InProgress =>
                new CallDecision([new BatchCancelling(id, now)], book => new BatchAnswer(book._batches[id].Entry)),
            BatchStatus.Cancelling or BatchStatus.Cancelled => CallDecision.Of(new BatchAnswer(batch.Entry)),
            _ => Refuse(
                BatchRefusal.Conflict, $"batch {id} is {batch.Entry.Status.ToString().ToLowerInvariant()}: it cannot be cancelled any more", "batch_not_cancellable"),
        };
    }

    private CallDecision DecideList(ListFiles list, DateTimeOffset now)
    {
        if (!TryStart(_files.IndexOf, list.After, list.Ascending, _files.Count, out var at))
            return Refuse(BatchRefusal.Invalid, $"there is no file {list.After} to list from", param: "after");
        var wanted = Math.Clamp(list.Limit, 1, FilesPerPage);
        var page = new List<FileEntry>();
        for (var step = list.Ascending ? 1 : -1; at >= 0 && at < _files.Count && page.Count <= wanted; at += step)
        {
            var file = _files.GetAt(at).Value;
            if ((list.Purpose is null || file.Purpose == list.Purpose) && !(file.ExpiresAt <= now))
                page.Add(file);
        }

        return CallDecision.Of(new FilePage([.. page.Take(wanted)], page.Count > wanted));
    }

    private CallDecision DecideList(ListBatches list)
    {
        if (!TryStart(_batches.IndexOf, list.After, ascending: false, _batches.Count, out var at))
            return Refuse(BatchRefusal.Invalid, $"there is no batch {list.After} to list from", param: "after");
        var wanted = Math.Clamp(list.Limit, 1, BatchesPerPage);
        var page = new List<BatchEntry>();
        var units = new List<int>();
        for (; at >= 0 && page.Count < wanted; at--)
        {
            var batch = _batches.GetAt(at).Value;
            if (list.ActiveOnly && batch.IsOver)
                continue;
            page.Add(batch.Entry);
            units.Add(batch.Units.Count);
        }

        return CallDecision.Of(new BatchPage(page, at >= 0, units));
    }

    /// <summary>Where a page begins. False when there is no entry of the name after which it shall.</summary>
    private static bool TryStart(Func<string, int> indexOf, string? after, bool ascending, int count, out int at)
    {
        at = ascending ? 0 : count - 1;
        if (after is null)
            return true;
        var last = indexOf(after);
        at = ascending ? last + 1 : last - 1;
        return last >= 0;
    }

    private static CallDecision Refuse(BatchRefusal refusal, string message, string? code = null, string? param = null) =>
        CallDecision.Of(new BatchCallRefused(refusal, message, code, param));
}

/// <summary>What a call changes, and its answer, which is asked for once the events are durable and applied.</summary>
public sealed record CallDecision(IReadOnlyList<IBatchEvent> Events, Func<BatchBook, IMeshMessage> Answer)
{
    public static CallDecision Of(IMeshMessage answer) => new([], _ => answer);
}
