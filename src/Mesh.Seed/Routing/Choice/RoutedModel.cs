using Mesh.Messages;

namespace Mesh.Seed.Routing.Choice;

/// <summary>A model as one router sees it: who has it loaded, and what it takes in the fleet.</summary>
internal sealed class RoutedModel(ArtifactHash hash)
{
    /// <summary>Weight of a new measurement in the fleet's moving averages.</summary>
    private const double Alpha = 0.1;

    private VehicleId? _failedOn;

    public ArtifactHash Hash => hash;

    /// <summary>Takers that have it loaded.</summary>
    public GeoIndex Holders { get; } = new();

    /// <summary>The shortest time that each vehicle that ran it needed, in milliseconds: least run and least round trip.</summary>
    public SortedSet<(double Ms, long Stream)> Floors { get; } = [];

    /// <summary>Vehicles that have it loaded or were asked to load it.</summary>
    public int Copies { get; set; }

    /// <summary>Of them, those that are loading it ahead of a request.</summary>
    public int Warming { get; set; }

    /// <summary>Vehicles that have it or are loading it, and of which <see cref="Floors"/> knows nothing.</summary>
    public int Unproven { get; set; }

    /// <summary>Vehicles that remember something of it.</summary>
    public int Users { get; set; }

    /// <summary>Milliseconds that one run takes on average in the fleet; null before anyone ran it.</summary>
    public double? ServiceMs { get; private set; }

    /// <summary>Milliseconds to load it; null before anyone was seen to.</summary>
    public double? LoadMs { get; private set; }

    /// <summary>The shortest load seen, in milliseconds.</summary>
    public double? LeastLoadMs { get; private set; }

    public void Answered(AttemptTimings timings, bool oneRun)
    {
        _failedOn = null;
        if (oneRun)
            ServiceMs = Blend(ServiceMs, timings.Infer.TotalMilliseconds);
        if (timings.Load <= TimeSpan.Zero)
            return;
        LeastLoadMs = Math.Min(LeastLoadMs ?? double.MaxValue, timings.Load.TotalMilliseconds);
        LoadMs = Blend(LoadMs, timings.Load.TotalMilliseconds);
    }

    /// <summary>
    /// Whether a failure there speaks against the vehicle. A model that fails on one after the other, without a success in
    /// between, is itself to blame: it must not open the circuits of a whole fleet.
    /// </summary>
    public bool BlamesVehicle(VehicleId vehicle)
    {
        _failedOn ??= vehicle;
        return _failedOn == vehicle;
    }

    private static double Blend(double? average, double sample) => average is { } before ? before + (sample - before) * Alpha : sample;
}

/// <summary>A model on one vehicle: loaded, asked for, or measured there.</summary>
internal sealed class ModelOnVehicle(RoutedVehicle vehicle, RoutedModel model) : IndexEntry(vehicle)
{
    /// <summary>A run counts as at most this many times what was expected; if it stays that slow, it gets there.</summary>
    private const double MaxSurprise = 3;

    public RoutedModel Model => model;

    public bool Loaded { get; set; }

    /// <summary>Asked for ahead of a request, and not reported as loaded yet.</summary>
    public bool Warming { get; set; }

    /// <summary>Moving average of one run, in milliseconds; null before the first.</summary>
    public double? ServiceMs { get; private set; }

    /// <summary>The shortest run, in milliseconds.</summary>
    public double? LeastMs { get; private set; }

    /// <summary>Its entry in <see cref="RoutedModel.Floors"/>.</summary>
    public double? FloorMs { get; set; }

    /// <summary>Whether <see cref="RoutedModel.Unproven"/> holds it.</summary>
    public bool CountsAsUnproven { get; private set; }

    /// <summary>After the model came or went, or was measured here first.</summary>
    /// <param name="leaves">It counts for nothing any more.</param>
    public void Prove(bool leaves = false)
    {
        var unproven = !leaves && (Loaded || Warming) && FloorMs is null;
        if (unproven == CountsAsUnproven)
            return;
        CountsAsUnproven = unproven;
        Model.Unproven += unproven ? 1 : -1;
    }

    /// <param name="fleetMs">What a run takes in the fleet; null before anyone ran it.</param>
    public void Measured(double sample, double? fleetMs)
    {
        LeastMs = LeastMs is { } least && least < sample ? least : sample;
        // A first run is often slow once; taken at its word the vehicle would get no second one to prove better.
        var ms = Math.Min(sample, (ServiceMs ?? fleetMs) * MaxSurprise ?? double.MaxValue);
        ServiceMs = ServiceMs is { } average ? average + (ms - average) * RoutedVehicle.Weight(ms < average) : ms;
    }
}
