using Mesh.Messages.Work;

namespace Mesh.Node.Units;

/// <summary>Names one line's result.</summary>
internal readonly record struct UnitLineKey(ulong Unit, uint Line);

/// <summary>
/// Results of unit lines until they are acknowledged, oldest first; they outlive streams and sessions. Pure: no clock, no lock.
/// What is there is never dropped for room: whoever starts lines asks <see cref="HasRoom"/> first.
/// </summary>
internal sealed class UnitResultStore(int maxLines, long maxBytes, TimeSpan maxAge)
{
    /// <summary>What a result takes beside its outputs and its error.</summary>
    private const int Overhead = 128;

    private readonly LinkedList<Kept> _byAge = new();
    private readonly Dictionary<UnitLineKey, LinkedListNode<Kept>> _byKey = [];

    public int Lines => _byKey.Count;

    public long Bytes { get; private set; }

    /// <summary>In the order they came.</summary>
    public IEnumerable<UnitLineKey> Keys => _byAge.Select(kept => kept.Key);

    /// <param name="started">Lines under way, whose results will come.</param>
    public bool HasRoom(int started) => Lines + started < maxLines && Bytes < maxBytes;

    public UnitLineResult? Find(UnitLineKey key) => _byKey.TryGetValue(key, out var node) ? node.Value.Result : null;

    /// <summary>False: that line has a result already, which stays.</summary>
    /// <param name="now">Never earlier than at the addition before.</param>
    public bool TryAdd(ulong unit, UnitLineResult result, TimeSpan now)
    {
        var kept = new Kept(new UnitLineKey(unit, result.Line), result, now);
        if (_byKey.ContainsKey(kept.Key))
            return false;
        _byKey.Add(kept.Key, _byAge.AddLast(kept));
        Bytes += kept.Bytes;
        return true;
    }

    /// <summary>False: it is not, or no longer, kept.</summary>
    public bool Remove(UnitLineKey key)
    {
        if (!_byKey.Remove(key, out var node))
            return false;
        _byAge.Remove(node);
        Bytes -= node.Value.Bytes;
        return true;
    }

    public void RemoveUnit(ulong unit)
    {
        foreach (var key in Keys.Where(key => key.Unit == unit).ToArray())
            Remove(key);
    }

    /// <returns>How many were too old.</returns>
    public int RemoveOld(TimeSpan now)
    {
        var removed = 0;
        for (; _byAge.First is { } oldest && now - oldest.Value.At > maxAge; removed++)
            Remove(oldest.Value.Key);
        return removed;
    }

    private sealed record Kept(UnitLineKey Key, UnitLineResult Result, TimeSpan At)
    {
        public long Bytes { get; } = Overhead + (2 * Result.Error.Length) + Result.Outputs.Bytes();
    }
}
