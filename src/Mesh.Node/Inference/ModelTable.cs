using Mesh.Messages;

namespace Mesh.Node.Inference;

/// <summary>
/// The models of this vehicle within a bound of memory. What a session takes is not known before it exists and hardly
/// after, so each is counted as its artifact's size times a factor: the weights, their packed copy, activations.
/// Pure bookkeeping: whoever calls holds the engine's lock and disposes of what it gets back.
/// </summary>
internal sealed class ModelTable(long memoryBytes, int memoryFactor)
{
    private readonly Dictionary<ArtifactHash, ModelSlot> _slots = [];
    private long _memoryBytes = memoryBytes;

    /// <summary>A snapshot, replaced when a model comes or goes.</summary>
    public IReadOnlyList<ArtifactHash> Loaded { get; private set; } = [];

    public ModelSlot? Find(ArtifactHash hash) => _slots.GetValueOrDefault(hash);

    /// <summary>Loads that are under way and not wanted any more.</summary>
    public IReadOnlyList<CancellationTokenSource> LoadsBut(Func<ModelSlot, bool> isWanted) =>
        [.. _slots.Values.Where(slot => !isWanted(slot)).Select(slot => slot.Break).OfType<CancellationTokenSource>()];

    public ModelSlot GetOrAdd(ModelReference model)
    {
        if (!_slots.TryGetValue(model.Hash, out var slot))
            _slots.Add(model.Hash, slot = new ModelSlot(model));
        return slot;
    }

    /// <summary>Sets memory aside for a model, releasing the least recently used ones that nothing needs.</summary>
    /// <returns>What was detached and must be disposed of.</returns>
    /// <exception cref="ModelUnavailableException">Too little is left beside the models in use; nothing was released.</exception>
    public IReadOnlyList<LoadedModel> Reserve(ModelSlot slot)
    {
        var size = slot.Reference.Size;
        var needed = size > _memoryBytes / memoryFactor ? long.MaxValue : Math.Max(0, size) * memoryFactor;
        var (victims, free) = Free(needed);
        if (needed > free)
        {
            throw new ModelUnavailableException(
                $"{slot.Reference} of {size} bytes needs about {memoryFactor} times that in memory, "
                + $"and {free} of {_memoryBytes} bytes could be freed for it.");
        }

        slot.Reserved = needed;
        return [.. victims.Select(Detach)];
    }

    /// <summary>Another bound from now on; models in use stay, also where they exceed it.</summary>
    /// <returns>What was detached and must be disposed of.</returns>
    public IReadOnlyList<LoadedModel> Resize(long bytes)
    {
        _memoryBytes = bytes;
        return [.. Free(0).Victims.Select(Detach)];
    }

    /// <summary>The least recently used models without which so much is free, or all that nothing needs.</summary>
    private (IReadOnlyList<ModelSlot> Victims, long Free) Free(long needed)
    {
        var free = _memoryBytes - _slots.Values.Sum(other => other.Reserved);
        var victims = new List<ModelSlot>();
        foreach (var idle in _slots.Values.Where(IsIdle).OrderBy(other => other.LastUsed))
        {
            if (needed <= free)
                break;
            victims.Add(idle);
            free += idle.Reserved;
        }

        return (victims, free);
    }

    public void Attach(ModelSlot slot, LoadedModel model)
    {
        slot.Loaded = model;
        Refresh();
    }

    /// <summary>Forgets a loaded model and frees its memory in the books.</summary>
    public LoadedModel Detach(ModelSlot slot)
    {
        var model = slot.Loaded ?? throw new InvalidOperationException($"{slot.Reference} is not loaded.");
        (slot.Loaded, slot.Reserved, slot.Unloading) = (null, 0, false);
        Refresh();
        return model;
    }

    /// <summary>Drops slots that hold nothing any more, so that a long life with many models does not fill the table.</summary>
    public void Prune(TimeSpan now, Func<ModelSlot, bool> isAwaited)
    {
        var empty = _slots.Values.Where(slot => slot is { Loaded: null, Loading: false, Queued: 0 } && slot.FailedUntil <= now);
        foreach (var slot in empty.Where(slot => !isAwaited(slot)).ToArray())
            _slots.Remove(slot.Reference.Hash);
    }

    public IReadOnlyList<LoadedModel> DetachAll() =>
        [.. _slots.Values.Where(slot => slot.Loaded is not null).ToArray().Select(Detach)];

    private static bool IsIdle(ModelSlot slot) => slot is { Loaded: not null, Queued: 0, Running: 0 };

    private void Refresh() => Loaded = [.. _slots.Values.Where(slot => slot.CanRun).Select(slot => slot.Reference.Hash)];
}
