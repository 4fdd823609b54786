using System.Net.Sockets;
using Mesh.Seed.Routing;
using Npgsql;

namespace Mesh.Seed.Health;

/// <summary>
/// What this seed knows of its journal: the probe and the job router tell how their looks and writes end. Thread-safe.
/// </summary>
/// <param name="router">What this seed heard of the region's job router; null = nothing.</param>
public sealed class JournalWatch(MonotonicClock clock, RouterReadiness? router = null)
{
    private readonly Lock _lock = new();
    private readonly Queue<TimeSpan> _writes = new();
    private JournalState _state = new(0, TimeSpan.Zero, "");
    private RouterFailure? _routerFailure;
    private TimeSpan? _goodAt;

    /// <summary>A write was confirmed: what it took, from hand-over on.</summary>
    public event Action<TimeSpan>? Written;

    /// <summary>The database answered a look, and can be written: what that took.</summary>
    public event Action<TimeSpan>? Looked;

    /// <summary>A look or a write failed.</summary>
    public event Action? Failed;

    public JournalState State
    {
        get
        {
            lock (_lock)
                return _state;
        }
    }

    /// <inheritdoc cref="HealthFacts.RouterFailure"/>
    public RouterFailure? RouterFailure
    {
        get
        {
            lock (_lock)
                return _routerFailure;
        }
    }

    /// <summary>Since the database last answered a look, or took a write, well; since the process started when it never did.</summary>
    public TimeSpan Silence
    {
        get
        {
            lock (_lock)
                return clock.Now - (_goodAt ?? TimeSpan.Zero);
        }
    }

    /// <summary>Writes that were handed to the journal and are not confirmed.</summary>
    public int Pending
    {
        get
        {
            lock (_lock)
                return _writes.Count;
        }
    }

    /// <summary>For how long the oldest write has not been confirmed; zero when there is none.</summary>
    public TimeSpan Lag
    {
        get
        {
            lock (_lock)
                return _writes.TryPeek(out var oldest) ? clock.Now - oldest : TimeSpan.Zero;
        }
    }

    /// <summary>The job router hands a write to the journal; they are confirmed in their order.</summary>
    internal void WriteBegan()
    {
        lock (_lock)
            _writes.Enqueue(clock.Now);
    }

    internal void WriteConfirmed()
    {
        TimeSpan took;
        lock (_lock)
        {
            if (!_writes.TryDequeue(out var began))
                return;
            took = clock.Now - began;
            _goodAt = clock.Now;
            _state = default;
            _routerFailure = null;
        }

        Written?.Invoke(took);
    }

    /// <summary>The journal did not take a write, and works otherwise: an event that cannot be serialized, say.</summary>
    internal void WriteRejected()
    {
        lock (_lock)
            _writes.TryDequeue(out _);
        Failed?.Invoke();
    }

    /// <summary>This seed's job router stops because its journal cannot be written or read.</summary>
    /// <param name="term">The last one that it knew.</param>
    internal void RouterFailed(Exception cause, long term)
    {
        lock (_lock)
            _routerFailure = new RouterFailure(clock.Now, Math.Max(term, router?.Term ?? 0));
        LookFailed(CauseOf(cause));
    }

    /// <summary>The job router left this seed: what it had handed over is nobody's any more.</summary>
    internal void RouterLeft()
    {
        lock (_lock)
            _writes.Clear();
    }

    internal void LookedWell(TimeSpan took)
    {
        lock (_lock)
        {
            _goodAt = clock.Now;
            _state = default;
        }

        Looked?.Invoke(took);
    }

    internal void LookFailed(string cause)
    {
        lock (_lock)
            _state = _state.Failures == 0 ? new JournalState(1, clock.Now, cause) : _state with { Failures = _state.Failures + 1, Cause = cause };
        Failed?.Invoke();
    }

    /// <summary>For people who may be anybody: the kind of failure, without addresses, users and paths.</summary>
    internal static string CauseOf(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case PostgresException postgres: return $"PostgreSQL says {postgres.SqlState}";
                case SocketException socket: return $"its server cannot be reached ({socket.SocketErrorCode})";
                case TimeoutException or OperationCanceledException: return "it does not answer in time";
                case Microsoft.Data.Sqlite.SqliteException sqlite: return $"SQLite says {sqlite.SqliteErrorCode}";
                default: break;
            }
        }

        return exception.GetType().Name;
    }
}
