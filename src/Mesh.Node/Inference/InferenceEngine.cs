using Mesh.Messages;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Inference;

/// <summary>
/// The engine of <see cref="IInferenceEngine"/>: <see cref="JobQueue"/> decides what runs next, <see cref="ModelTable"/>
/// what stays in memory; this class holds the one lock around both, the threads that run, and the timer that expires.
/// Submitted to by the work streams and the InferenceActor; tells each job's submitter. No callback runs under the lock.
/// </summary>
public sealed partial class InferenceEngine : IInferenceEngine, IDisposable
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromHours(1);
    private static readonly TimeSpan TimerResolution = TimeSpan.FromMilliseconds(1);

    private readonly ModelStore _store;
    private readonly InferenceEngineOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<InferenceEngine> _logger;
    private readonly long _origin;
    private readonly object _gate = new(); // a Monitor, because threads wait on it
    private readonly JobQueue _queue;
    private readonly ModelTable _models;
    private readonly UnitTurns _turns;
    private readonly HashSet<JobRun> _running = [];
    private readonly Thread[] _threads;
    private readonly ITimer _expiry;
    private readonly ITimer _company;
    private readonly ITimer _way;
    private readonly Func<QueuedJob, RunLimits> _limits;
    private TimeSpan _expiryAt = TimeSpan.MaxValue;
    private TaskCompletionSource? _idle;
    private bool _disposed;
    private int _open;
    private int _openInteractive;
    private int _idleThreads;
    private long _arrivals;
    private long _answered;
    private long _failed;
    private long _runs;
    private TimeSpan _inferenceTime;

    /// <exception cref="ArgumentException">An option is out of range; the message names each.</exception>
    public InferenceEngine(ModelStore store, InferenceEngineOptions options, TimeProvider time, ILogger<InferenceEngine> logger)
    {
        options.Validate();
        (_store, _options, _time, _logger) = (store, options, time, logger);
        _origin = time.GetTimestamp();
        _queue = new JobQueue(options.MaxQueued, options.MaxQueuedBytes, options.MaxWaitingPerModel);
        _models = new ModelTable(options.MemoryBytes, options.MemoryFactor);
        _turns = new UnitTurns(options.UnitQuiet, options.UnitPatience);
        _limits = LimitsOf;
        _expiry = time.CreateTimer(_ => Expire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _way = time.CreateTimer(_ => MakeWayLater(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _company = time.CreateTimer(_ => WakeThreads(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        // Threads of their own, so that a long run never takes one from the pool that the actors run on.
        _threads = [.. Enumerable.Range(1, options.Threads).Select(
            number => new Thread(RunJobs) { IsBackground = true, Name = $"inference-{number}" })];
        foreach (var thread in _threads)
            thread.Start();
    }

    public event Action? StatusChanged;

    public EngineStatus Status
    {
        get
        {
            lock (_gate)
                return new EngineStatus(_options.Threads, _openInteractive, _models.Loaded, _answered, _failed, _inferenceTime) { Runs = _runs };
        }
    }

    private TimeSpan Now => _time.GetElapsedTime(_origin);

    public void Submit(InferenceJob job)
    {
        var entry = new QueuedJob(job, Now, Interlocked.Increment(ref _arrivals));
        InferenceJobResult? refusal;
        lock (_gate)
        {
            _open++;
            _openInteractive += entry.Class == JobClass.Interactive ? 1 : 0;
            if (entry.Class == JobClass.Unit && _open - _openInteractive == 1)
                _turns.StartAnew();
            refusal = Admit(entry);
        }

        if (refusal is not null)
            Settle(entry, refusal);
        else
            job.OnCancel(runningToo => Cancel(entry, runningToo));
    }

    /// <summary>Under the lock. Null: admitted.</summary>
    private InferenceJobResult? Admit(QueuedJob entry)
    {
        if (_stopped)
            return InferenceJobResult.Of(AttemptOutcome.HandedBack, StoppedReason);
        if (entry.Deadline <= entry.Submitted)
            return InferenceJobResult.Of(AttemptOutcome.Expired, "Its budget had ended when it came.");
        var slot = _models.GetOrAdd(entry.Job.Model);
        if (slot.CanRun)
        {
            if (!_queue.TryAdd(entry))
                return Busy();
            Count(entry, slot);
            Monitor.Pulse(_gate);
            if (entry.Class == JobClass.Interactive)
                MakeWay();
        }
        else
        {
            if (slot.FailedUntil > entry.Submitted)
            {
                _failed++;
                return InferenceJobResult.Of(AttemptOutcome.Failed, slot.Failure!);
            }

            if (!_queue.TryPark(entry))
                return Busy();
            StartLoading(slot, entry.Job.Source);
        }

        ArmExpiry(entry.Deadline);
        return null;
    }

    private static InferenceJobResult Busy() => InferenceJobResult.Of(AttemptOutcome.Busy, "The vehicle's queue is full.");

    private void Cancel(QueuedJob entry, bool runningToo)
    {
        bool waited;
        lock (_gate)
        {
            waited = _queue.Remove(entry);
            if (waited)
                Uncount(entry);
            else if (runningToo)
                entry.Run?.EndIfUnwanted(Now);
        }

        if (waited)
            SettleUnrun([entry], AttemptOutcome.Cancelled, "Cancelled before it ran.");
    }

    /// <summary>What waits beyond its deadline is settled; what runs beyond it is ended, and settled by its thread.</summary>
    private void Expire()
    {
        IReadOnlyList<QueuedJob> expired, givenUp;
        lock (_gate)
        {
            var now = Now;
            _expiryAt = TimeSpan.MaxValue;
            expired = Forget(_queue.RemoveExpired(now));
            givenUp = GiveUpUnits();
            foreach (var run in _running)
                run.EndIfUnwanted(now);
            ArmExpiry(NextDeadline());
        }

        SettleUnrun(expired, AttemptOutcome.Expired, "Its budget ended before it ran.");
        SettleGivenUp(givenUp);
    }

    // Under the lock. Touched only when a deadline comes before the one it is set to, which with equal budgets is
    // once a budget; it rounds up, because a timer that fires early finds nothing to expire.
    private void ArmExpiry(TimeSpan next)
    {
        if (_disposed || next >= _expiryAt)
            return;
        _expiryAt = next;
        _expiry.Change(Until(next), Timeout.InfiniteTimeSpan);
    }

    private TimeSpan NextDeadline()
    {
        var next = _queue.NextDeadline ?? TimeSpan.MaxValue;
        // Beyond it, it is looked at when the lines' run ends that is on.
        if (_turns.GiveUpAt is { } giveUp && giveUp > Now && giveUp < next)
            next = giveUp;
        foreach (var run in _running)
        {
            var last = run.LastDeadline;
            next = last < next && !run.Termination.IsRequested ? last : next;
        }

        return next;
    }

    private TimeSpan Until(TimeSpan moment) =>
        TimeSpan.FromTicks(Math.Clamp((moment - Now).Ticks, 0, LongestTimer.Ticks)) + TimerResolution;

    /// <summary>Under the lock.</summary>
    private static void Count(QueuedJob entry, ModelSlot slot)
    {
        entry.Slot = slot;
        slot.Queued++;
    }

    /// <summary>Under the lock, for a job that left the queue without running.</summary>
    private static void Uncount(QueuedJob entry)
    {
        if (entry.Slot is { } slot)
            slot.Queued--;
        entry.Slot = null;
    }

    private static IReadOnlyList<QueuedJob> Forget(IReadOnlyList<QueuedJob> jobs)
    {
        foreach (var entry in jobs)
            Uncount(entry);
        return jobs;
    }

    private void SettleUnrun(IReadOnlyList<QueuedJob> jobs, AttemptOutcome outcome, string reason)
    {
        foreach (var entry in jobs)
            Settle(entry, InferenceJobResult.Of(outcome, reason, new(Now - entry.Submitted, entry.Load, TimeSpan.Zero)));
    }

    /// <summary>Delivers the one result, then lets the job go. Who took it out of the queue calls this, so it runs once.</summary>
    private void Settle(QueuedJob entry, InferenceJobResult result)
    {
        try
        {
            entry.Job.Complete(result);
        }
        catch (Exception failed)
        {
            LogCompletionFailed(_logger, failed, entry.Job.Model);
        }

        TaskCompletionSource? idle = null;
        lock (_gate)
        {
            _openInteractive -= entry.Class == JobClass.Interactive ? 1 : 0;
            if (--_open == 0)
                (idle, _idle) = (_idle, null);
        }

        idle?.TrySetResult();
    }
}
