using Mesh.Messages;

namespace Mesh.Node.Inference;

/// <summary>Settings of <see cref="InferenceEngine"/>, with their defaults and ranges.</summary>
public sealed record InferenceEngineOptions
{
    /// <summary>Inferences that run at once, each on a thread of its own; 1 or more.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Threads that one inference may use within ONNX Runtime; 1 or more.</summary>
    public int IntraOpThreads { get; init; } = 1;

    /// <summary>Jobs that may wait, for a thread or for their model; 1 or more.</summary>
    public int MaxQueued { get; init; } = 1024;

    /// <summary>Bytes of input that waiting jobs may hold together; a larger single job is admitted when none waits.</summary>
    public long MaxQueuedBytes { get; init; } = 256L << 20;

    /// <summary>Of the waiting jobs, those that may wait for one model to load; 1 or more.</summary>
    public int MaxWaitingPerModel { get; init; } = 256;

    /// <summary>Memory for loaded models, as estimated by <see cref="MemoryFactor"/>; bytes.</summary>
    public long MemoryBytes { get; init; } = 2L << 30;

    /// <summary>A loaded model is counted as its artifact's size times this; 1 or more.</summary>
    public int MemoryFactor { get; init; } = ModelReference.MemoryFactor;

    /// <summary>After a failed load, jobs of that model fail at once for this long.</summary>
    public TimeSpan LoadBackOff { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Interactive jobs share a run up to about this length: joining saves what a run costs beside its rows, which is little of
    /// a long one, and the first of them would wait for all.
    /// </summary>
    public TimeSpan JoinedRunLimit { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// A run of unit lines takes no longer than this, as far as it can be told: so long an interactive job may wait for it. One
    /// that has taken twice as long is ended when an interactive job waits, and runs again later.
    /// </summary>
    public TimeSpan UnitRunLimit { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Unit lines that keep being ended for interactive jobs start again once none has run for so long.</summary>
    public TimeSpan UnitQuiet { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Unit lines are handed back when interactive jobs let none of them finish for so long.</summary>
    public TimeSpan UnitPatience { get; init; } = TimeSpan.FromMinutes(1);

    /// <exception cref="ArgumentException">Names every setting out of range.</exception>
    public void Validate()
    {
        (string Name, long Value)[] positive =
        [
            (nameof(Threads), Threads), (nameof(IntraOpThreads), IntraOpThreads), (nameof(MaxQueued), MaxQueued),
            (nameof(MaxQueuedBytes), MaxQueuedBytes), (nameof(MaxWaitingPerModel), MaxWaitingPerModel),
            (nameof(MemoryBytes), MemoryBytes), (nameof(MemoryFactor), MemoryFactor),
        ];
        var errors = positive
            .Where(setting => setting.Value < 1)
            .Select(setting => $"{setting.Name} must be 1 or more, not {setting.Value}.")
            .ToList();
        if (LoadBackOff < TimeSpan.Zero)
            errors.Add($"{nameof(LoadBackOff)} must not be negative, not {LoadBackOff}.");
        (string Name, TimeSpan Value)[] spans =
        [
            (nameof(UnitRunLimit), UnitRunLimit), (nameof(JoinedRunLimit), JoinedRunLimit), (nameof(UnitQuiet), UnitQuiet),
            (nameof(UnitPatience), UnitPatience),
        ];
        errors.AddRange(spans.Where(span => span.Value <= TimeSpan.Zero).Select(span => $"{span.Name} must be positive, not {span.Value}."));
        if (errors.Count > 0)
            throw new ArgumentException(string.Join(' ', errors));
    }
}
