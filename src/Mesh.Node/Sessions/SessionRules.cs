namespace Mesh.Node.Sessions;

/// <summary>Why a session of this vehicle is over.</summary>
public enum SessionEnd
{
    /// <summary>It was asked to leave, and did.</summary>
    Left,

    /// <summary>The region downed it, or its ActorSystem ended otherwise.</summary>
    Downed,

    /// <summary>A seed belongs to another cluster than this session's: it was restarted alone.</summary>
    OtherCluster,

    /// <summary>No seed was to be seen for too long.</summary>
    NoSeed,

    /// <summary>It could not be run: the log says why.</summary>
    Failed,
}

/// <summary>
/// The vehicle's side of the downing rules: a session that has no work stream to any seed for
/// <paramref name="noSeedLimit"/> is over (the seeds will have downed it); a newly joined one has <paramref name="grace"/>
/// to open its first. Pure; times are since any fixed start.
/// </summary>
public sealed class SessionRules(TimeSpan noSeedLimit, TimeSpan grace)
{
    private int _open;
    private TimeSpan? _joined;
    private TimeSpan? _lastOpen;

    public void Joined(TimeSpan now) => _joined ??= now;

    /// <returns>It is the session's first.</returns>
    public bool StreamOpened(TimeSpan now)
    {
        var isFirst = _lastOpen is null;
        _open++;
        _lastOpen = now;
        return isFirst;
    }

    public void StreamClosed(TimeSpan now)
    {
        _open--;
        _lastOpen = now;
    }

    /// <summary>Null while the session goes on.</summary>
    public SessionEnd? Decide(TimeSpan now)
    {
        if (_open > 0 || _joined is not { } joined)
            return null;
        var over = _lastOpen is { } last ? now - last >= noSeedLimit : now - joined >= grace;
        return over ? SessionEnd.NoSeed : null;
    }
}
