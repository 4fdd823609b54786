using Mesh.Seed.WorkStreams;

namespace Mesh.Seed.Routing;

/// <summary>
/// What this seed's work streams tell about their vehicles, for a second router beside the Dispatcher: the JobRouter while it
/// is here. It hears of the streams that are open when it comes, then of every change, each stream's in their order.
/// </summary>
public sealed class FleetFacts
{
    private readonly Lock _lock = new();
    private readonly Dictionary<StreamId, StreamOpened> _open = [];
    private Action<object>? _listener;

    /// <summary>Null = nobody listens any more.</summary>
    public void Attach(Action<object>? listener)
    {
        lock (_lock)
        {
            _listener = listener;
            if (listener is null)
                return;
            foreach (var opened in _open.Values)
                listener(opened);
        }
    }

    internal void Opened(StreamOpened opened)
    {
        lock (_lock)
        {
            _open[opened.Stream] = opened;
            _listener?.Invoke(opened);
        }
    }

    internal void Changed(LoadChanged changed)
    {
        lock (_lock)
        {
            if (!_open.TryGetValue(changed.Stream, out var opened))
                return;
            _open[changed.Stream] = opened with { Load = changed.Load };
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

    private static bool IsSame(VehicleLoad one, VehicleLoad other) =>
        one with { Queued = 0, Loaded = other.Loaded } == other with { Queued = 0 } && one.Loaded.SetEquals(other.Loaded);
}
