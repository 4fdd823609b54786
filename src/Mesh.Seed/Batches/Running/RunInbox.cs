using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Mesh.Seed.WorkStreams;

namespace Mesh.Seed.Batches.Running;

/// <summary>
/// What waits for a run's loop. Control items are few and always find a place. Of results a stream sends no more than it was
/// given lines, which leave its window only when the loop takes them: so what waits is bounded by the windows, and here by
/// bytes for each stream, beyond which its peer is broken. Thread-safe.
/// </summary>
internal sealed class RunInbox
{
    private readonly ConditionalWeakTable<WorkStreamConnection, ResultAllowance> _waiting = [];
    private readonly Channel<object> _items = Channel.CreateUnbounded<object>(new UnboundedChannelOptions { SingleReader = true });

    public ChannelReader<object> Reader => _items.Reader;

    /// <summary>Without effect once the run has ended.</summary>
    public void Add(object control) => _items.Writer.TryWrite(control);

    /// <summary>False when the stream has more waiting than a sound peer can: nothing was taken.</summary>
    public bool TryAdd(UnitArrival arrival)
    {
        if (!WaitingOf(arrival).TryTake(arrival.Bytes))
            return false;
        _items.Writer.TryWrite(arrival);
        return true;
    }

    /// <summary>To be called for each arrival that was read.</summary>
    public void Taken(UnitArrival arrival) => WaitingOf(arrival).Return(arrival.Bytes);

    public void Complete() => _items.Writer.TryComplete();

    private ResultAllowance WaitingOf(UnitArrival arrival) => _waiting.GetValue(arrival.Stream, _ => new ResultAllowance());
}

/// <summary>Bytes of results that came on one stream and were not looked at yet. Thread-safe.</summary>
internal sealed class ResultAllowance
{
    /// <summary>Above everything that a vehicle keeps, sent twice: so much at once is none of it.</summary>
    public const long MaxBytes = 256L << 20;

    private long _bytes;

    /// <summary>One arrival finds room always, however large it is.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _bytes, bytes) is var sum && (sum <= MaxBytes || sum == bytes))
            return true;
        Return(bytes);
        return false;
    }

    public void Return(long bytes) => Interlocked.Add(ref _bytes, -bytes);
}
