namespace Mesh.Node.Metering;

/// <summary>
/// Makes readings of a gauge that measures the whole computer: once a second, the energy beyond idle is shared among everything
/// that ran, by CPU time. That gives the power of a busy core, by which runs are priced until the next second. The idle power is
/// the least that was seen, at most the model's. Falls back to the model while the gauge tells nothing.
/// </summary>
internal sealed class PlatformEnergyMeter : IEnergyMeter
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>A counter with a range may have wrapped more than once; and what was long ago says little of now.</summary>
    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(30);

    /// <summary>Below so much of one core an interval is idle: too little ran to share the energy among it.</summary>
    private const double IdleShare = 0.1;

    private readonly IPowerGauge _gauge;
    private readonly PowerModel _model;
    private readonly Func<TimeSpan?> _busyTime;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private long _sampledAt;
    private TimeSpan? _busy;
    private double _idleWatts;
    private double? _wattsPerBusyCore;

    /// <param name="busyTime">Of all processors together since some moment; null = unknown now.</param>
    public PlatformEnergyMeter(IPowerGauge gauge, PowerModel model, Func<TimeSpan?> busyTime, TimeProvider time)
    {
        (_gauge, _model, _busyTime, _time) = (gauge, model, busyTime, time);
        _idleWatts = model.IdleWatts;
        _sampledAt = time.GetTimestamp();
        _busy = busyTime();
        gauge.Watts(Interval); // From here on it counts.
        _timer = time.CreateTimer(_ => Sample(), null, Interval, Interval);
    }

    public double IdleWatts
    {
        get
        {
            lock (_gate)
                return _idleWatts;
        }
    }

    public EnergyReading Of(TimeSpan cpu)
    {
        lock (_gate)
        {
            return _wattsPerBusyCore is { } watts
                ? EnergyReading.Of(cpu, watts, _gauge.Method, _gauge.ErrorShare)
                : _model.Of(cpu);
        }
    }

    public void Dispose() => _timer.Dispose();

    internal void Sample()
    {
        lock (_gate)
        {
            var elapsed = _time.GetElapsedTime(_sampledAt);
            if (elapsed < Interval / 2)
                return; // A late tick and the next one: counters need some time to advance.
            _sampledAt = _time.GetTimestamp();
            var (before, busy) = (_busy, _busyTime());
            _busy = busy;
            if (_gauge.Watts(elapsed) is not { } watts || !double.IsFinite(watts) || watts < 0 || elapsed > LongestInterval)
                _wattsPerBusyCore = null;
            else if (busy - before is { } ran)
                Learn(watts, ran / elapsed);
        }
    }

    /// <param name="busyCores">Cores' worth of work over the interval.</param>
    private void Learn(double watts, double busyCores)
    {
        if (busyCores < IdleShare)
            _idleWatts = Math.Min(_idleWatts, watts);
        else
            _wattsPerBusyCore = Math.Max(0, watts - _idleWatts) / busyCores;
    }
}
