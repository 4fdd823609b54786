using Mesh.Messages;

namespace Mesh.Seed.Routing;

/// <summary>Bounds and priors of the router.</summary>
public sealed record RouterSettings
{
    /// <summary>Requests that wait for a vehicle at this seed; beyond it new ones are refused (429).</summary>
    public int MaxWaiting { get; init; } = 1024;

    /// <summary>How long a request waits for any vehicle at all before it is refused (503).</summary>
    public TimeSpan NoVehicleWait { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Attempts that may fail on vehicles (not be lost or handed back) before the request fails (500).</summary>
    public int MaxFailedAttempts { get; init; } = 3;

    /// <summary>Vehicles that keep a used model loaded, so that losing one costs no cold load.</summary>
    public int WarmCopies { get; init; } = 3;

    /// <summary>A model asked for ahead of a request counts as a copy for this long at most, should the vehicle never report it.</summary>
    public TimeSpan WarmingLimit { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Second attempts (hedges) per first attempt, on average; 0 = none.</summary>
    public double HedgeShare { get; init; } = 0.05;

    /// <summary>Hedges that may be saved up for when they are needed.</summary>
    public int HedgeBurst { get; init; } = 4;

    /// <summary>After 'busy' a vehicle is left alone for this long, unless it answers something earlier; doubled each time in a row, up to 32 times.</summary>
    public TimeSpan BusyPause { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Vehicles whose record is kept; the one not seen for longest goes first.</summary>
    public int MaxRecords { get; init; } = 100_000;

    /// <summary>Failures in a row on one vehicle that open its circuit.</summary>
    public int CircuitFailures { get; init; } = 3;

    /// <summary>For how long a circuit opens first; doubled with each failure after that.</summary>
    public TimeSpan CircuitPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest that a circuit stays open before the next probe.</summary>
    public TimeSpan MaxCircuitPause { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Memory that a loaded model takes, as a multiple of its artifact.</summary>
    public int MemoryFactor { get; init; } = ModelReference.MemoryFactor;

    // Priors, used until something is measured.

    /// <summary>Service time of a model that no vehicle has run yet.</summary>
    public TimeSpan PriorService { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Round trip to a vehicle next door.</summary>
    public TimeSpan PriorRoundTrip { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Added for each kilometre: light in fibre there and back, on a detour of one half.</summary>
    public TimeSpan PriorRoundTripPerKm { get; init; } = TimeSpan.FromMicroseconds(15);

    /// <summary>Fixed part of loading a model that is not on the vehicle.</summary>
    public TimeSpan PriorColdLoad { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Bytes a second at which a payload or an artifact reaches a vehicle.</summary>
    public double PriorBandwidth { get; init; } = 10e6;

    /// <summary>What losing an attempt costs its client: noticing, and another vehicle.</summary>
    public TimeSpan RetryCost { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Bounds and times of batches; the JobRouter's alone.</summary>
    public Batches.BatchSettings Batches { get; init; } = new();
}
