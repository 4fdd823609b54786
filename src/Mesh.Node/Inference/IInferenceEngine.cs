using Mesh.Messages;

namespace Mesh.Node.Inference;

/// <summary>
/// Runs models on this vehicle. Fed straight by the work streams and by the InferenceActor; outlives sessions, so that a
/// rejoining car finds its models loaded. Thread-safe; no method blocks.
/// </summary>
public interface IInferenceEngine
{
    /// <summary>Queues a job by class, priority, then deadline; it may share a run with others of its model. Its completion is called exactly once, whatever happens.</summary>
    void Submit(InferenceJob job);

    /// <summary>Fetches and loads a model ahead of its first job. The task fails with the reason, for people.</summary>
    Task LoadAsync(ModelReference model, IArtifactSource source);

    /// <summary>Releases a model once its running job is done; later jobs load it again.</summary>
    void Unload(ArtifactHash hash);

    /// <summary>Completes every job that has not started with <see cref="AttemptOutcome.HandedBack"/>; running ones go on.</summary>
    void HandBackQueued();

    /// <summary>
    /// From now on only work that <paramref name="starts"/> allows starts: all else that waits or comes is completed with
    /// <see cref="AttemptOutcome.HandedBack"/>. What runs and is not allowed by <paramref name="finishes"/> is terminated and
    /// handed back as well. Where nothing starts, loads are broken off, their fetches too (the next goes on where they were);
    /// where nothing finishes, the processor is free at once. Models stay loaded. Everything is allowed at first.
    /// </summary>
    void Permit(OwnerConsent starts, OwnerConsent finishes);

    /// <summary>
    /// Uses no more than this from now on, and no more than its options say: what runs goes on, further runs wait, models that
    /// nobody needs are released.
    /// </summary>
    /// <param name="threads">Inferences at once, 1 or more.</param>
    /// <param name="memoryBytes">For loaded models, above 0.</param>
    void Limit(int threads, long memoryBytes);

    /// <summary>Completes when no job is queued or running.</summary>
    Task WhenIdleAsync(CancellationToken cancellation);

    EngineStatus Status { get; }

    /// <summary>
    /// The set of loaded models in <see cref="Status"/> changed. Raised on a thread of the engine's or of the pool; must not block.
    /// </summary>
    event Action? StatusChanged;
}

/// <summary>Where a model's artifact can be fetched: a seed, by HTTP.</summary>
public interface IArtifactSource
{
    /// <summary>Opens the artifact from byte <paramref name="offset"/> on. The caller verifies what it reads.</summary>
    /// <exception cref="IOException">The source cannot be reached or does not have it.</exception>
    Task<Stream> OpenAsync(ModelReference model, long offset, CancellationToken cancellation);
}

/// <summary>Counts are since the process started.</summary>
/// <param name="Queued">Interactive jobs waiting or running.</param>
public sealed record EngineStatus(
    int Threads,
    int Queued,
    IReadOnlyList<ArtifactHash> Loaded,
    long Answered,
    long Failed,
    TimeSpan InferenceTime)
{
    /// <summary>Runs in ONNX Runtime: fewer than the jobs answered where jobs share them.</summary>
    public long Runs { get; init; }
}

/// <summary>What comes first, whatever its priority.</summary>
public enum JobClass
{
    /// <summary>Someone waits for the answer.</summary>
    Interactive,

    /// <summary>A line of a batch's work unit: runs when nothing interactive waits, in runs of bounded length.</summary>
    Unit,
}

/// <summary>One inference to run.</summary>
public sealed class InferenceJob(
    ModelReference model,
    IReadOnlyList<RawTensor> inputs,
    IReadOnlyList<int> outputs,
    TimeSpan budget,
    uint priority,
    IArtifactSource source,
    Action<InferenceJobResult> completed)
{
    private const int Withdrawn = 1;
    private const int Cancelled = 2;

    private Action<InferenceJobResult>? _completed = completed;
    private Action<bool>? _onCancel;
    private int _unwanted;

    public ModelReference Model { get; } = model;

    /// <summary>In the order of the model's inputs.</summary>
    public IReadOnlyList<RawTensor> Inputs { get; } = inputs;

    /// <summary>Positions among the model's outputs; none = all.</summary>
    public IReadOnlyList<int> Outputs { get; } = outputs;

    /// <summary>Time until the deadline, counted from <see cref="IInferenceEngine.Submit"/>.</summary>
    public TimeSpan Budget { get; } = budget;

    /// <summary>1 highest; 0 the default, which runs as if it were the lowest.</summary>
    public uint Priority { get; } = priority;

    public IArtifactSource Source { get; } = source;

    public JobClass Class { get; init; }

    public bool IsCancelled => Volatile.Read(ref _unwanted) == Cancelled;

    /// <summary>Nobody waits for the result any more: a waiting job is dropped, a running one is terminated.</summary>
    public void Cancel()
    {
        Interlocked.Exchange(ref _unwanted, Cancelled);
        Volatile.Read(ref _onCancel)?.Invoke(true);
    }

    /// <summary>Drops a job that waits or is still to be submitted; one that runs goes on.</summary>
    public void CancelUnlessRunning()
    {
        Interlocked.CompareExchange(ref _unwanted, Withdrawn, 0);
        Volatile.Read(ref _onCancel)?.Invoke(false);
    }

    /// <summary>For the engine: called back to cancel, with whether a running job ends too; at once when it was cancelled already.</summary>
    internal void OnCancel(Action<bool> callback)
    {
        // A full fence here and in both cancels: whichever comes second sees the other.
        Interlocked.Exchange(ref _onCancel, callback);
        if (Volatile.Read(ref _unwanted) is not 0 and var unwanted)
            callback(unwanted == Cancelled);
    }

    /// <summary>For the engine: delivers the result; a second one is dropped and reported as false.</summary>
    internal bool Complete(InferenceJobResult result)
    {
        if (Interlocked.Exchange(ref _completed, null) is not { } completed)
            return false;
        completed(result);
        return true;
    }
}

/// <summary>Outputs in the order asked, empty unless Ok; the error is for people, empty when Ok.</summary>
public sealed record InferenceJobResult(AttemptOutcome Outcome, string Error, IReadOnlyList<RawTensor> Outputs, AttemptTimings Timings)
{
    public static InferenceJobResult Of(AttemptOutcome outcome, string error, AttemptTimings timings = default) =>
        new(outcome, error, [], timings);
}
