namespace Mesh.Seed.Routing;

/// <summary>Whether this seed's Dispatcher has heard of the region's JobRouter, whose journal must be open for that.</summary>
public sealed class RouterReadiness
{
    private long _term;

    /// <summary>Of the JobRouter heard last; 0 before the first.</summary>
    public long Term => Volatile.Read(ref _term);

    public void RouterAnswered(long term) => Volatile.Write(ref _term, term);
}
