using Mesh.Messages;

namespace Mesh.Node.Inference;

// How models come and go. A load runs beside the inference threads: fetch and verify on the pool, which is I/O, and the
// session's creation, which is seconds of computing, on a thread of its own, one at a time.
public sealed partial class InferenceEngine
{
    private readonly SemaphoreSlim _creating = new(1);

    public Task LoadAsync(ModelReference model, IArtifactSource source)
    {
        lock (_gate)
        {
            if (_disposed || !MayLoad(model))
                return Task.FromException(new ModelUnavailableException(StoppedReason));
            var slot = _models.GetOrAdd(model);
            if (slot.CanRun)
                return Task.CompletedTask;
            if (slot.FailedUntil > Now)
                return Task.FromException(new ModelUnavailableException(slot.Failure!));
            var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            slot.Waiters.Add((model, waiter));
            StartLoading(slot, source);
            return waiter.Task;
        }
    }

    public void Unload(ArtifactHash hash)
    {
        LoadedModel? released = null;
        lock (_gate)
        {
            if (_models.Find(hash) is not { } slot || (slot.Loaded is null && !slot.Loading))
                return;
            slot.Unloading = true;
            if (slot is { Loaded: not null, Running: 0 })
                released = DetachAndReload(slot);
        }

        // Off the caller's thread: freeing a large session takes a while, and nothing here may block.
        if (released is not null)
            _ = Task.Run(() => Release([released]));
    }

    /// <summary>Under the lock. Does nothing when a load is under way; waits when the model is still to be released first.</summary>
    private void StartLoading(ModelSlot slot, IArtifactSource source)
    {
        slot.ReloadFrom = slot.Loaded is null ? null : source;
        if (slot.Loading || slot.Loaded is not null)
            return;
        (slot.Break, slot.LoadStarted, slot.Unloading) = (new CancellationTokenSource(), Now, false);
        var stopping = slot.Break.Token;
        _ = Task.Run(() => LoadAsync(slot, source, stopping), CancellationToken.None);
    }

    private async Task LoadAsync(ModelSlot slot, IArtifactSource source, CancellationToken stopping)
    {
        try
        {
            ReserveMemory(slot);
            var lease = await _store.AcquireAsync(slot.Reference, source, stopping);
            try
            {
                var model = await CreateAsync(lease.Path, stopping);
                FinishLoad(slot, new LoadedModel(model, lease));
            }
            catch
            {
                lease.Dispose();
                throw;
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            BreakOffLoad(slot, source);
        }
        catch (Exception failed)
        {
            // Whatever a source, a disk or a native library throws ends this load and its jobs, nothing more.
            FailLoad(slot, failed.Message);
        }
    }

    private void ReserveMemory(ModelSlot slot)
    {
        IReadOnlyList<LoadedModel> evicted;
        lock (_gate)
        {
            _models.Prune(Now, other => other == slot || _queue.ParkedCount(other.Reference.Hash) > 0);
            evicted = _models.Reserve(slot);
        }

        if (evicted.Count > 0)
            Release(evicted);
    }

    private async Task<OnnxModel> CreateAsync(string path, CancellationToken stopping)
    {
        await _creating.WaitAsync(stopping);
        try
        {
            return await Task.Factory.StartNew(
                () => OnnxModel.Load(path, _options.IntraOpThreads, stopping),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
        }
        finally
        {
            _creating.Release();
        }
    }

    private void FinishLoad(ModelSlot slot, LoadedModel model)
    {
        IReadOnlyList<QueuedJob> jobs = [];
        TaskCompletionSource[] waiters;
        LoadedModel? unwanted = null;
        var now = Now;
        lock (_gate)
        {
            waiters = EndLoad(slot);
            if (_disposed || (slot.Unloading && _queue.ParkedCount(slot.Reference.Hash) == 0))
            {
                (slot.Reserved, slot.Unloading, unwanted) = (0, false, model);
            }
            else
            {
                (slot.Unloading, slot.LastUsed, slot.Failure) = (false, now, null);
                _models.Attach(slot, model);
                jobs = MakeReady(slot, now);
            }
        }

        if (unwanted is not null)
        {
            unwanted.Dispose();
            var reason = new ModelUnavailableException("It was unloaded while it loaded.");
            Array.ForEach(waiters, waiter => waiter.TrySetException(reason));
            return;
        }

        LogLoaded(_logger, slot.Reference, slot.Reference.Hash, now - slot.LoadStarted, jobs.Count);
        RaiseStatusChanged();
        Array.ForEach(waiters, waiter => waiter.TrySetResult());
    }

    /// <summary>Under the lock.</summary>
    private IReadOnlyList<QueuedJob> MakeReady(ModelSlot slot, TimeSpan now)
    {
        var jobs = _queue.Unpark(slot.Reference.Hash);
        foreach (var entry in jobs)
        {
            Count(entry, slot);
            entry.Load += now - (entry.Submitted > slot.LoadStarted ? entry.Submitted : slot.LoadStarted);
        }

        Monitor.PulseAll(_gate);
        MakeWay();
        return jobs;
    }

    private void FailLoad(ModelSlot slot, string reason)
    {
        IReadOnlyList<QueuedJob> jobs;
        TaskCompletionSource[] waiters;
        lock (_gate)
        {
            waiters = EndLoad(slot);
            (slot.Reserved, slot.Unloading) = (0, false);
            (slot.Failure, slot.FailedUntil) = (reason, Now + _options.LoadBackOff);
            jobs = _queue.RemoveParked(slot.Reference.Hash);
            _failed += jobs.Count;
            foreach (var entry in jobs)
                entry.Load += Now - (entry.Submitted > slot.LoadStarted ? entry.Submitted : slot.LoadStarted);
        }

        LogNotLoaded(_logger, slot.Reference, slot.Reference.Hash, jobs.Count, reason);
        Array.ForEach(waiters, waiter => waiter.TrySetException(new ModelUnavailableException(reason)));
        SettleUnrun(jobs, AttemptOutcome.Failed, reason);
    }

    /// <summary>It was no longer allowed, or the engine stopped. Who came after it went on again has the model loaded once more.</summary>
    private void BreakOffLoad(ModelSlot slot, IArtifactSource source)
    {
        TaskCompletionSource[] waiters;
        lock (_gate)
        {
            waiters = EndLoad(slot);
            (slot.Reserved, slot.Unloading) = (0, false);
            if (_queue.ParkedCount(slot.Reference.Hash) > 0)
                StartLoading(slot, source);
        }

        Array.ForEach(waiters, waiter => waiter.TrySetException(new ModelUnavailableException(StoppedReason)));
    }

    private static TaskCompletionSource[] EndLoad(ModelSlot slot)
    {
        slot.Break = null;
        TaskCompletionSource[] waiters = [.. slot.Waiters.Select(waiter => waiter.Loaded)];
        slot.Waiters.Clear();
        return waiters;
    }

    /// <summary>Under the lock, with nothing running on the model. Who came for it meanwhile, and may still have it, has it loaded again.</summary>
    private LoadedModel DetachAndReload(ModelSlot slot)
    {
        var released = _models.Detach(slot);
        if (slot.ReloadFrom is not { } source)
            return released;
        slot.ReloadFrom = null;
        if (IsWanted(slot))
            StartLoading(slot, source);
        else
            Array.ForEach(EndLoad(slot), waiter => waiter.TrySetException(new ModelUnavailableException(StoppedReason)));
        return released;
    }

    private void Release(IReadOnlyList<LoadedModel> models)
    {
        foreach (var model in models)
            model.Dispose();
        LogReleased(_logger, models.Count);
        RaiseStatusChanged();
    }

    private void ReleaseAll()
    {
        IReadOnlyList<LoadedModel> models;
        lock (_gate)
            models = _models.DetachAll();
        foreach (var model in models)
            model.Dispose();
    }

    private void RaiseStatusChanged()
    {
        try
        {
            StatusChanged?.Invoke();
        }
        catch (Exception failed)
        {
            LogListenerFailed(_logger, failed);
        }
    }
}
