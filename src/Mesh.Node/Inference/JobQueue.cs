using System.Diagnostics.CodeAnalysis;
using Mesh.Messages;

namespace Mesh.Node.Inference;

/// <summary>
/// Which job runs next, which one finds no room and which ones waited too long. Pure: no clock, no lock, no thread.
/// Ready jobs go by priority, then deadline, then arrival; parked ones wait for their model. The bounds cover both.
/// </summary>
[SuppressMessage("Naming", "CA1711", Justification = "It is a queue, though not a .NET collection.")]
internal sealed class JobQueue(int maxJobs, long maxBytes, int maxParkedPerModel)
{
    private static readonly Comparer<QueuedJob> ByUrgency = Comparer<QueuedJob>.Create((left, right) =>
    {
        var order = left.Rank.CompareTo(right.Rank);
        if (order == 0)
            order = left.Deadline.CompareTo(right.Deadline);
        return order != 0 ? order : left.Arrival.CompareTo(right.Arrival);
    });

    private static readonly Comparer<QueuedJob> ByDeadline = Comparer<QueuedJob>.Create((left, right) =>
    {
        var order = left.Deadline.CompareTo(right.Deadline);
        return order != 0 ? order : left.Arrival.CompareTo(right.Arrival);
    });

    private readonly SortedSet<QueuedJob> _ready = new(ByUrgency);
    private readonly SortedSet<QueuedJob> _deadlines = new(ByDeadline);
    private readonly Dictionary<ArtifactHash, SortedSet<QueuedJob>> _parked = [];

    /// <summary>Jobs waiting, ready and parked.</summary>
    public int Count => _deadlines.Count;

    public int ReadyCount => _ready.Count;

    /// <summary>Bytes of input of all waiting jobs.</summary>
    public long Bytes { get; private set; }

    /// <summary>When the next waiting job expires; null when none waits.</summary>
    public TimeSpan? NextDeadline => _deadlines.Min?.Deadline;

    /// <summary>Admits a job whose model is loaded. False: no room.</summary>
    public bool TryAdd(QueuedJob job)
    {
        if (!HasRoom(job))
            return false;
        Enter(job, WaitingPlace.Ready);
        return true;
    }

    /// <summary>Admits a job that waits for its model. False: no room, or too many wait for this model already.</summary>
    public bool TryPark(QueuedJob job)
    {
        if (!HasRoom(job) || ParkedCount(job.Model) >= maxParkedPerModel)
            return false;
        Enter(job, WaitingPlace.Parked);
        return true;
    }

    /// <summary>Puts a taken job back to wait for its model, which was unloaded meanwhile. It was admitted once: no bound.</summary>
    public void ParkAgain(QueuedJob job) => Enter(job, WaitingPlace.Parked);

    /// <summary>Removes the most urgent ready job; null when there is none.</summary>
    public QueuedJob? Take()
    {
        if (_ready.Min is not { } job)
            return null;
        Remove(job);
        return job;
    }

    /// <summary>Takes a waiting job out, wherever it waits. False: it does not wait here any more.</summary>
    public bool Remove(QueuedJob job)
    {
        switch (job.Place)
        {
            case WaitingPlace.None:
                return false;
            case WaitingPlace.Ready:
                _ready.Remove(job);
                break;
            default:
                RemoveFromParked(job);
                break;
        }

        _deadlines.Remove(job);
        Bytes -= job.Bytes;
        job.Place = WaitingPlace.None;
        return true;
    }

    public int ParkedCount(ArtifactHash model) => _parked.TryGetValue(model, out var parked) ? parked.Count : 0;

    /// <summary>The model is loaded: its parked jobs become ready. Returns them.</summary>
    public IReadOnlyList<QueuedJob> Unpark(ArtifactHash model)
    {
        var jobs = RemoveParked(model);
        foreach (var job in jobs)
            Enter(job, WaitingPlace.Ready);
        return jobs;
    }

    /// <summary>The model could not be loaded: removes and returns its parked jobs.</summary>
    public IReadOnlyList<QueuedJob> RemoveParked(ArtifactHash model) =>
        _parked.TryGetValue(model, out var parked) ? RemoveEach(parked) : [];

    /// <summary>Removes and returns the jobs whose deadline is <paramref name="now"/> or earlier, earliest first.</summary>
    public IReadOnlyList<QueuedJob> RemoveExpired(TimeSpan now) => RemoveEach(_deadlines.TakeWhile(job => job.Deadline <= now));

    /// <summary>Removes and returns every waiting job.</summary>
    public IReadOnlyList<QueuedJob> RemoveAll() => RemoveEach(_deadlines);

    // A job larger than the whole bound is admitted when it is alone: refused, it could never run here.
    private bool HasRoom(QueuedJob job) => Count < maxJobs && (Count == 0 || job.Bytes <= maxBytes - Bytes);

    private void Enter(QueuedJob job, WaitingPlace place)
    {
        if (job.Place != WaitingPlace.None)
            throw new InvalidOperationException($"A job for {job.Job.Model} is in the queue already.");
        if (place == WaitingPlace.Ready)
        {
            _ready.Add(job);
        }
        else
        {
            if (!_parked.TryGetValue(job.Model, out var parked))
                _parked.Add(job.Model, parked = new SortedSet<QueuedJob>(ByDeadline));
            parked.Add(job);
        }

        _deadlines.Add(job);
        Bytes += job.Bytes;
        job.Place = place;
    }

    private void RemoveFromParked(QueuedJob job)
    {
        var parked = _parked[job.Model];
        parked.Remove(job);
        if (parked.Count == 0)
            _parked.Remove(job.Model);
    }

    private QueuedJob[] RemoveEach(IEnumerable<QueuedJob> jobs)
    {
        var removed = jobs.ToArray();
        foreach (var job in removed)
            Remove(job);
        return removed;
    }
}
