using System.Diagnostics;
using Mesh.Messages;

namespace Mesh.Benchmarks.FleetLife;

/// <summary>One departure and what it met.</summary>
internal sealed class Departure(VehicleId car, DepartureStyle style)
{
    private int _measured;

    public VehicleId Car => car;

    public DepartureStyle Style => style;

    /// <summary>When it began, <see cref="Stopwatch"/>'s: the signal, the network's end, or when the car drains as planned.</summary>
    public long At { get; private set; }

    /// <summary>The car was being given work then. One that has not joined yet, or has left already, meets nothing.</summary>
    public bool WasServing { get; private set; }

    /// <summary>Requests that waited or ran on the car.</summary>
    public int Met { get; private set; }

    /// <summary>From <see cref="At"/> until nothing ran on the car; null: not told.</summary>
    public TimeSpan? Freed { get; private set; }

    public void Begin(bool serving, int met) => (At, WasServing, Met) = (Stopwatch.GetTimestamp(), serving, met);

    /// <summary>True once: whoever gets it measures when the processor is free.</summary>
    public bool TryMeasure() => Interlocked.Exchange(ref _measured, 1) == 0;

    public void ProcessorFree() => Freed = Stopwatch.GetElapsedTime(At);
}
