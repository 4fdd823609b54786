using Mesh.Seed.WorkStreams;

namespace Mesh.Seed.Routing;

/// <summary>
/// What this seed's work streams tell about their vehicles, for a second router beside the Dispatcher: the JobRouter while it
/// is here. It hears of the streams that are open when it comes, then of every change, each stream's in their order.
/// </summary>
/// <param name="time">Null = the system's.</param>
public sealed class FleetFacts(TimeProvider? time = null)
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Dictionary<StreamId, Fact> _open = [];
    private Action<object>? _listener;

    /// <summary>Null = nobody listens any more.</summary>
    public void Attach(Action<object>? listener)
    {
        lock (_lock)
        {
            _listener = listener;
            if (listener is null)
                return;
            foreach (var fact in _open.Values)
                listener(ByNow(fact));
        }
    }

    internal void Opened(StreamOpened opened)
    {
        lock (_lock)
        {
            _open[opened.Stream] = new Fact(opened, _time.GetTimestamp(), _time.GetTimestamp());
            _listener?.Invoke(opened);
        }
    }

    internal void Changed(LoadChanged changed)
    {
        lock (_lock)
        {
            if (!_open.TryGetValue(changed.Stream, out var fact))
                return;
            var opened = fact.Opened;
            _open[changed.Stream] = fact with { Opened = opened with { Load = changed.Load }, LoadAt = _time.GetTimestamp() };
            // How much interactive work queues there changes a hundred times a second, and decides nothing about a unit.
            if (!IsSame(opened.Load, changed.Load))
                _listener?.Invoke(changed);
        }
    }

    internal void Measured(RoundTripMeasured measured)
    {
        lock (_lock)
            _listener?.Invoke(measured);
    }

    internal void Gone(StreamGone gone)
    {
        lock (_lock)
        {
            _open.Remove(gone.Stream);
            _listener?.Invoke(gone);
        }
    }

    /// <summary>Spans that a stream told of, counted from now on instead of from when it told them.</summary>
    private StreamOpened ByNow(Fact fact) => fact.Opened with
    {
        ParkedFor = fact.Opened.ParkedFor + _time.GetElapsedTime(fact.OpenedAt),
        Load = fact.Opened.Load with
        {
            LeavesIn = fact.Opened.Load.LeavesIn is { } left
                ? TimeSpan.FromTicks(Math.Max(0, (left - _time.GetElapsedTime(fact.LoadAt)).Ticks))
                : null,
        },
    };

    private static bool IsSame(VehicleLoad one, VehicleLoad other) =>
        one with { Queued = 0, Loaded = other.Loaded } == other with { Queued = 0 } && one.Loaded.SetEquals(other.Loaded);

    /// <param name="OpenedAt">Timestamp.</param>
    /// <param name="LoadAt">Timestamp of its last load.</param>
    private readonly record struct Fact(StreamOpened Opened, long OpenedAt, long LoadAt);
}
