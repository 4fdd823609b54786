using Mesh.Messages;

namespace Mesh.Node.Inference;

/// <summary>One model on this vehicle: absent, being loaded, loaded, or failed a moment ago. Guarded by the engine's lock.</summary>
internal sealed class ModelSlot(ModelReference reference)
{
    public ModelReference Reference { get; } = reference;

    public LoadedModel? Loaded { get; set; }

    public bool Loading => Break is not null;

    /// <summary>Breaks off the load that is under way; null = none is. Not disposed of: it may be about to be cancelled when the load ends.</summary>
    public CancellationTokenSource? Break { get; set; }

    public TimeSpan LoadStarted { get; set; }

    /// <summary>Bytes set aside for it; 0 while it is neither loaded nor being loaded.</summary>
    public long Reserved { get; set; }

    /// <summary>Ready jobs of this model.</summary>
    public int Queued { get; set; }

    public int Running { get; set; }

    public TimeSpan LastUsed { get; set; }

    /// <summary>To be released as soon as nothing runs on it; no new run starts meanwhile.</summary>
    public bool Unloading { get; set; }

    /// <summary>Set when it is wanted again while it is being released: loaded from there afterwards.</summary>
    public IArtifactSource? ReloadFrom { get; set; }

    public string? Failure { get; set; }

    public TimeSpan FailedUntil { get; set; }

    public JoinRecord Joining { get; } = new();

    /// <summary>Callers of LoadAsync.</summary>
    public List<(ModelReference Model, TaskCompletionSource Loaded)> Waiters { get; } = [];

    public bool CanRun => Loaded is not null && !Unloading;
}

/// <summary>A session with the hold on its file.</summary>
internal sealed record LoadedModel(OnnxModel Model, ArtifactLease Lease) : IDisposable
{
    public void Dispose()
    {
        Model.Dispose();
        Lease.Dispose();
    }
}
