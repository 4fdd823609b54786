namespace Mesh.Seed.Routing.Queueing;

/// <summary>
/// How fast waiting requests get a vehicle: the moving average of the time from one dispatch to the next while others wait.
/// It holds whatever vehicles do (threads, batching, other seeds' requests). Pure.
/// </summary>
internal sealed class QueuePace
{
    /// <summary>Dispatches before the average is worth anything.</summary>
    private const int MinSamples = 16;

    private const double Alpha = 1.0 / 32;

    private double _meanMs;
    private int _samples;
    private TimeSpan? _last;

    /// <summary>Time that each waiting request takes; null while too little is measured.</summary>
    public TimeSpan? PerRequest => _samples >= MinSamples ? TimeSpan.FromMilliseconds(_meanMs) : null;

    /// <param name="othersWait">Whether requests are left that wait.</param>
    public void Dispatched(TimeSpan at, bool othersWait)
    {
        if (_last is { } last)
        {
            _samples = Math.Min(_samples + 1, MinSamples);
            // A plain average until there are enough: the first one alone says little.
            _meanMs += ((at - last).TotalMilliseconds - _meanMs) * Math.Max(Alpha, 1.0 / _samples);
        }

        _last = othersWait ? at : null;
    }
}
