using Mesh.Messages;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Metering;

/// <summary>
/// Keeps what a vehicle uses, session after session, so that a kill loses at most the last minute. Told by the engine
/// (<see cref="RunMeter"/>), the model store and the sessions' host; asked by the owner's policy. Thread-safe; only opening,
/// closing and disposing wait for the disk. A disk that refuses to be written is logged and costs nothing but the record; one that
/// cannot be read at the start leaves nothing of the day.
/// </summary>
public sealed partial class UsageRecorder : IDisposable
{
    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromMinutes(1);

    private readonly MeterFolder _folder;
    private readonly IEnergyMeter _energy;
    private readonly Func<DateOnly> _today;
    private readonly string _deviceClass;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _disk = new(); // taken before the gate
    private readonly Lock _gate = new();
    private readonly DailyUsage _days = new();
    private readonly ITimer _checkpoint;
    private readonly DateOnly? _unknownUntil;
    private SessionMeter _session;
    private bool _isRecovered; // under the disk's lock
    private bool _due;
    private bool _disposed;
    private volatile bool _isMetered = true;

    /// <param name="today">The owner's day, which the daily caps go by; must neither block nor throw.</param>
    public UsageRecorder(
        MeterFolder folder, IEnergyMeter energy, Func<DateOnly> today, string deviceClass, TimeProvider time, ILogger<UsageRecorder> logger)
    {
        (_folder, _energy, _today, _deviceClass, _time, _logger) = (folder, energy, today, deviceClass, time, logger);
        _session = NewSession();
        _checkpoint = time.CreateTimer(_ => Checkpoint(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        lock (_disk)
        {
            OnDisk(Recover);
            // What was used is not known, and unknown is no permission.
            if (!OnDisk(Restore))
                _unknownUntil = today();
        }
    }

    /// <summary>A job ended, with what it used; handlers must neither block nor throw.</summary>
    public event Action<JobUsage>? Added;

    /// <summary>The network is metered, or not known to be unmetered.</summary>
    public bool IsMetered
    {
        get => _isMetered;
        set => _isMetered = value;
    }

    /// <summary>A session begins. It takes over what was used since the last one ended.</summary>
    public void Begin(SessionEpoch epoch)
    {
        lock (_gate)
            _session.Begin(epoch, _time.GetUtcNow());
    }

    /// <summary>The session is over: its line is written.</summary>
    public void End()
    {
        lock (_disk)
        {
            SessionUsage? ended;
            lock (_gate)
            {
                ended = _session.IsNothing ? null : Usage(complete: true);
                _session = NewSession();
            }

            if (ended is null)
                return;
            OnDisk(() =>
            {
                Recover();
                _folder.Append(ended);
            });
        }
    }

    public void Add(JobUsage job)
    {
        var (today, isMetered) = (_today(), _isMetered);
        lock (_gate)
        {
            _session.Add(job, today, isMetered);
            _days.Add(today, job.Day(isMetered));
            ArmCheckpoint();
        }

        Added?.Invoke(job);
    }

    /// <summary>A part of a model's artifact came.</summary>
    public void AddFetched(long bytes)
    {
        var (today, isMetered) = (_today(), _isMetered);
        lock (_gate)
        {
            _session.AddFetched(bytes, today, isMetered);
            _days.Add(today, DayUsage.Of(bytes, isMetered));
            ArmCheckpoint();
        }
    }

    /// <summary>On one of the owner's days, restarts included: for the daily caps. All, when what is on the disk could not be read.</summary>
    public DayUsage UsageOf(DateOnly day)
    {
        if (day <= _unknownUntil)
            return DayUsage.UsedUp;
        lock (_gate)
            return _days.Of(day);
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
        }

        _checkpoint.Dispose();
        End();
    }

    private void Checkpoint()
    {
        lock (_disk)
        {
            SessionUsage open;
            lock (_gate)
            {
                _due = false;
                if (_session.IsNothing)
                    return;
                open = Usage(complete: false);
            }

            OnDisk(() =>
            {
                Recover();
                _folder.WriteOpen(open);
            });
        }
    }

    // Once it is done; before anything is written, which would replace what was left.
    private void Recover()
    {
        if (_isRecovered)
            return;
        foreach (var problem in _folder.Recover())
            LogDamaged(problem);
        _isRecovered = true;
    }

    private void Restore()
    {
        // The caps ask for today: older files than the last rotated one have nothing of it.
        var content = _folder.ReadWithOpen(files: 2);
        foreach (var problem in content.Problems)
            LogDamaged(problem);
        foreach (var (day, used) in content.Sessions.SelectMany(session => session.Days))
            _days.Add(day, used);
    }

    /// <summary>Under the gate. Only use arms it, so that an idle car writes nothing.</summary>
    private void ArmCheckpoint()
    {
        if (_due || _disposed)
            return;
        _due = true;
        _checkpoint.Change(CheckpointInterval, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Under the gate.</summary>
    private SessionUsage Usage(bool complete) => _session.Usage(_time.GetUtcNow(), _energy.IdleWatts, complete);

    private SessionMeter NewSession() => new(_deviceClass, _time.GetUtcNow());

    private bool OnDisk(Action act)
    {
        try
        {
            act();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotKept(e.Message);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Of the meter's files: {Problem}")]
    private partial void LogDamaged(string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "What the vehicle used cannot be kept on disk or read from it: {Reason}. Give the data folder room, read and write access")]
    private partial void LogNotKept(string reason);
}
