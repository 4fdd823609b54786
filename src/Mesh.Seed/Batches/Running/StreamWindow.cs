using Mesh.Messages.Work;

namespace Mesh.Seed.Batches.Running;

/// <summary>
/// Lines that one work stream has without a result yet, kept within what its vehicle takes, over all units. One unit after
/// the other sends: <see cref="Turn"/>. Thread-safe.
/// </summary>
internal sealed class StreamWindow : IDisposable
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _room;
    private int _lines;
    private long _bytes;

    /// <summary>Held by the unit whose lines are being sent.</summary>
    public SemaphoreSlim Turn { get; } = new(1, 1);

    /// <summary>Timestamp of the last result on the stream; 0 before the first.</summary>
    public long LastResult { get; set; }

    /// <summary>False when the line has to wait.</summary>
    public bool TryTake(int bytes)
    {
        lock (_lock)
        {
            if (_lines >= WorkProtocol.UnitWindowLines || (_lines > 0 && _bytes + bytes > WorkProtocol.UnitWindowBytes))
                return false;
            _lines++;
            _bytes += bytes;
            return true;
        }
    }

    public async ValueTask TakeAsync(int bytes, CancellationToken cancellation)
    {
        while (true)
        {
            Task room;
            lock (_lock)
            {
                if (TryTake(bytes))
                    return;
                _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                room = _room.Task;
            }

            await room.WaitAsync(cancellation);
        }
    }

    public void Release(int lines, long bytes)
    {
        TaskCompletionSource? room;
        lock (_lock)
        {
            _lines -= lines;
            _bytes -= bytes;
            (room, _room) = (_room, null);
        }

        room?.TrySetResult();
    }

    public void Dispose() => Turn.Dispose();
}
