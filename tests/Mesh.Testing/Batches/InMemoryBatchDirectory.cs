using System.Globalization;
using Mesh.Messages.Control;
using Mesh.Seed.Batches;

namespace Mesh.Testing.Batches;

/// <summary>The region's files and batches for tests of what stands before the JobRouter. Keeps the contract's promises but durability.</summary>
public sealed class InMemoryBatchDirectory(TimeProvider time) : IBatchDirectory
{
    private static readonly Dictionary<string, string> Empty = [];

    private readonly Lock _gate = new();
    private readonly List<FileEntry> _files = [];
    private readonly List<BatchEntry> _batches = [];

    /// <summary>Thrown by the next calls; null = nothing is.</summary>
    public BatchRefusedException? Refusal { get; set; }

    /// <summary>Told of each new batch, once it is on record.</summary>
    public Action<BatchEntry> OnCreated { get; set; } = _ => { };

    public IReadOnlyList<FileEntry> Files => Locked(() => _files.ToArray());

    public Task CheckRoomAsync(CancellationToken cancellation) => Task.FromResult(Locked(() => true));

    public Task<FileEntry> AddFileAsync(FileEntry file, CancellationToken cancellation) => Task.FromResult(Locked(() =>
    {
        _files.Add(file);
        return file;
    }));

    public Task<FileEntry?> FindFileAsync(string id, CancellationToken cancellation) => Task.FromResult(Locked(() => Find(id)));

    public Task<Page<FileEntry>> ListFilesAsync(string? purpose, string? after, int limit, bool ascending, CancellationToken cancellation) =>
        Task.FromResult(Locked(() =>
        {
            IEnumerable<FileEntry> files = _files.Where(file => purpose is null || file.Purpose == purpose);
            return PageOf([.. ascending ? files : files.Reverse()], file => file.Id, after, limit);
        }));

    public Task<bool> DeleteFileAsync(string id, CancellationToken cancellation) => Task.FromResult(Locked(() =>
    {
        if (_batches.Any(batch => batch.Request.InputFileId == id && batch.Status < BatchStatus.Completed && batch.Status != BatchStatus.Failed))
            throw new BatchRefusedException(BatchRefusal.Conflict, $"file '{id}' is the input of a batch that has not ended", "file_in_use", "id");
        return _files.RemoveAll(file => file.Id == id) > 0;
    }));

    public Task<BatchEntry> CreateBatchAsync(NewBatch batch, CancellationToken cancellation)
    {
        var (created, isNew) = Locked(() => Create(batch));
        if (isNew)
            OnCreated(created);
        return Task.FromResult(created);
    }

    public Task<BatchEntry?> FindBatchAsync(string id, CancellationToken cancellation) =>
        Task.FromResult(Locked(() => _batches.Find(batch => batch.Id == id)));

    public Task<Page<BatchEntry>> ListBatchesAsync(string? after, int limit, CancellationToken cancellation) =>
        Task.FromResult(Locked(() => PageOf([.. Enumerable.Reverse(_batches)], batch => batch.Id, after, limit)));

    public Task<BatchEntry?> CancelBatchAsync(string id, CancellationToken cancellation) => Task.FromResult(Locked(() =>
    {
        if (_batches.Find(batch => batch.Id == id) is not { } batch)
            return null;
        if (batch.Status is BatchStatus.Completed or BatchStatus.Failed or BatchStatus.Expired)
            throw new BatchRefusedException(BatchRefusal.Conflict, $"batch '{id}' has ended as {batch.Status}", "batch_ended", "id");
        return Replace(batch with { Status = BatchStatus.Cancelling, Times = batch.Times with { CancellingAt = Now } });
    }));

    /// <summary>Changes a batch, as its runner would.</summary>
    public BatchEntry Change(string id, Func<BatchEntry, BatchEntry> change) =>
        Locked(() => Replace(change(_batches.Single(batch => batch.Id == id))));

    private DateTimeOffset Now => time.GetUtcNow();

    private (BatchEntry Batch, bool IsNew) Create(NewBatch request)
    {
        if (request.IdempotencyKey is { } key && _batches.Find(batch => batch.Request.IdempotencyKey == key) is { } known)
        {
            return known.Request.InputFileId == request.InputFileId
                ? (known, false)
                : throw new BatchRefusedException(BatchRefusal.Conflict, "the Idempotency-Key was used for another request", "idempotency_key_reused");
        }

        if (request.IdempotencyKey is null && _batches.Find(batch => IsSame(batch, request)) is { } same)
            return (same, false);
        if (Find(request.InputFileId) is null)
            throw new BatchRefusedException(BatchRefusal.Invalid, $"there is no file '{request.InputFileId}'", "invalid_input_file_id", "input_file_id");
        var id = string.Create(CultureInfo.InvariantCulture, $"batch_{_batches.Count + 1:0000}");
        var entry = new BatchEntry(
            id, request, BatchStatus.Validating, new BatchTimes(Now, Now + request.Window), null, null, [], 0, 0, 0);
        _batches.Add(entry);
        return (entry, true);
    }

    private bool IsSame(BatchEntry batch, NewBatch request) =>
        batch.Times.CreatedAt > Now - TimeSpan.FromMinutes(10)
        && batch.Request with { Metadata = null, IdempotencyKey = null } == request with { Metadata = null }
        && (batch.Request.Metadata ?? Empty).OrderBy(pair => pair.Key).SequenceEqual((request.Metadata ?? Empty).OrderBy(pair => pair.Key));

    private FileEntry? Find(string id) => _files.Find(file => file.Id == id && !(file.ExpiresAt <= Now));

    private BatchEntry Replace(BatchEntry batch)
    {
        _batches[_batches.FindIndex(other => other.Id == batch.Id)] = batch;
        return batch;
    }

    private static Page<T> PageOf<T>(List<T> items, Func<T, string> id, string? after, int limit)
    {
        var start = after is null ? 0 : items.FindIndex(item => id(item) == after) + 1;
        if (after is not null && start == 0)
            throw new BatchRefusedException(BatchRefusal.Invalid, $"'after' is '{after}', which is not in the list", "invalid_value", "after");
        return new Page<T>([.. items.Skip(start).Take(limit)], items.Count - start > limit);
    }

    private T Locked<T>(Func<T> action)
    {
        if (Refusal is { } refusal)
            throw refusal;
        lock (_gate)
            return action();
    }
}
