using System.Diagnostics.CodeAnalysis;
using Mesh.Messages;

namespace Mesh.Node.Inference;

/// <summary>
/// Which job runs next, which one finds no room and which ones waited too long. Pure: no clock, no lock, no thread.
/// Ready jobs go by class, priority, deadline, then arrival; parked ones wait for their model. The bounds cover both, and
/// hold for each class by itself: a batch's lines take no room from interactive jobs.
/// </summary>
[SuppressMessage("Naming", "CA1711", Justification = "It is a queue, though not a .NET collection.")]
internal sealed class JobQueue(int maxJobs, long maxBytes, int maxParkedPerModel)
{
    /// <summary>So far down the queue company is looked for: the lock is held meanwhile.</summary>
    private const int ScanLimit = 256;

    private static readonly Comparer<QueuedJob> ByUrgency = Comparer<QueuedJob>.Create((left, right) =>
    {
        var order = left.Class.CompareTo(right.Class);
        if (order == 0)
            order = left.Rank.CompareTo(right.Rank);
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
    private readonly List<QueuedJob> _scan = [];
    private readonly List<ArtifactHash> _held = [];
    private readonly int[] _counts = new int[2];
    private readonly long[] _bytes = new long[2];

    /// <summary>Jobs waiting, ready and parked.</summary>
    public int Count => _deadlines.Count;

    public int ReadyCount => _ready.Count;

    public bool HasInteractiveReady => _ready.Min is { Class: JobClass.Interactive };

    public bool HasUnitReady => _ready.Max is { Class: JobClass.Unit };

    /// <summary>Bytes of input of all waiting jobs.</summary>
    public long Bytes => _bytes.Sum();

    /// <summary>Jobs of a class that wait, ready and parked.</summary>
    public int CountOf(JobClass jobs) => _counts[(int)jobs];

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
        if (!HasRoom(job) || ParkedCount(job.Model, job.Class) >= maxParkedPerModel)
            return false;
        Enter(job, WaitingPlace.Parked);
        return true;
    }

    /// <summary>Puts a taken job back to wait for its model, which was unloaded meanwhile. It was admitted once: no bound.</summary>
    public void ParkAgain(QueuedJob job) => Enter(job, WaitingPlace.Parked);

    /// <summary>Puts a taken job back that is to run again. It was admitted once: no bound.</summary>
    public void ReadyAgain(QueuedJob job) => Enter(job, WaitingPlace.Ready);

    /// <summary>Removes the most urgent ready job and those that share its run; null when none is to run now.</summary>
    /// <param name="limits">Of a run of that job's model.</param>
    /// <param name="unitsFrom">No unit line is taken earlier.</param>
    /// <param name="heldUntil">When to ask again, because a job waits for company, or lines for their turn, until then; null when none does.</param>
    public IReadOnlyList<QueuedJob>? Take(TimeSpan now, Func<QueuedJob, RunLimits> limits, TimeSpan unitsFrom, out TimeSpan? heldUntil)
    {
        heldUntil = null;
        if (_ready.Min is not { } first)
            return null;
        if (first.Class == JobClass.Unit && now < unitsFrom)
        {
            heldUntil = unitsFrom;
            return null;
        }

        if (first.Rows == 0 || limits(first).MaxRows < 2)
        {
            Remove(first);
            return [first];
        }

        _scan.Clear();
        _held.Clear();
        _scan.AddRange(_ready.Take(ScanLimit));
        for (var i = 0; i < _scan.Count; i++)
        {
            var head = _scan[i];
            if (_held.Contains(head.Model))
                continue;
            // A thread on which an interactive job may start any moment is not given to a batch's lines.
            if (heldUntil is not null && head.Class == JobClass.Unit)
                break;
            var decision = BatchJoin.Decide(_scan, i, limits(head), now);
            if (decision.RunAt <= now)
                return RemoveEach(decision.Members);
            _held.Add(head.Model);
            heldUntil = heldUntil < decision.RunAt ? heldUntil : decision.RunAt;
        }

        return null;
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
        _bytes[(int)job.Class] -= job.Bytes;
        _counts[(int)job.Class]--;
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

    /// <summary>Removes and returns the unit lines that wait for nothing but their turn.</summary>
    public IReadOnlyList<QueuedJob> RemoveReadyUnits() => RemoveEach(_ready.Where(job => job.Class == JobClass.Unit));

    /// <summary>Removes and returns the jobs whose deadline is <paramref name="now"/> or earlier, earliest first.</summary>
    public IReadOnlyList<QueuedJob> RemoveExpired(TimeSpan now) => RemoveEach(_deadlines.TakeWhile(job => job.Deadline <= now));

    /// <summary>Removes and returns every waiting job.</summary>
    public IReadOnlyList<QueuedJob> RemoveAll() => RemoveEach(_deadlines);

    // A job larger than the whole bound is admitted when it is alone: refused, it could never run here.
    private bool HasRoom(QueuedJob job)
    {
        var count = CountOf(job.Class);
        return count < maxJobs && (count == 0 || job.Bytes <= maxBytes - _bytes[(int)job.Class]);
    }

    private int ParkedCount(ArtifactHash model, JobClass jobs) =>
        _parked.TryGetValue(model, out var parked) ? parked.Count(job => job.Class == jobs) : 0;

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
        _bytes[(int)job.Class] += job.Bytes;
        _counts[(int)job.Class]++;
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
