namespace Mesh.Node.Inference;

/// <summary>
/// When unit lines get a turn: interactive jobs come first, however long a line takes. Lines that keep being ended for them
/// wait for a quiet moment, and those that get nowhere for too long are given back. Pure; guarded by the engine's lock.
/// </summary>
/// <param name="quiet">So long after the last interactive job lines that were ended too often start again.</param>
/// <param name="patience">Without a finished line for so long, because of interactive jobs, lines are given up.</param>
internal sealed class UnitTurns(TimeSpan quiet, TimeSpan patience)
{
    private const int MaxPreemptions = 3;

    private int _preemptions;
    private TimeSpan _lastInteractive;
    private TimeSpan? _stalledSince;

    /// <summary>No line starts earlier.</summary>
    public TimeSpan StartFrom => _preemptions < MaxPreemptions ? TimeSpan.Zero : _lastInteractive + quiet;

    /// <summary>From then on lines are given up unless one is running; null while interactive jobs keep none from running.</summary>
    public TimeSpan? GiveUpAt => _stalledSince + patience;

    public void InteractiveEnded(TimeSpan now) => _lastInteractive = now;

    /// <summary>An interactive job starts while lines wait.</summary>
    public void CameSecond(TimeSpan now) => _stalledSince ??= now;

    /// <summary>A run of lines was ended for an interactive job.</summary>
    public void Preempted(TimeSpan now)
    {
        _preemptions++;
        _lastInteractive = now;
        CameSecond(now);
    }

    /// <summary>A line is finished, or other lines have come.</summary>
    public void StartAnew() => (_preemptions, _stalledSince) = (0, null);
}
