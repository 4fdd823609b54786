using System.Collections.Immutable;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Messages.Work;

namespace Mesh.Seed.Routing.History;

/// <summary>What a vehicle said when it left.</summary>
/// <param name="Cause">Of its departure, in its own words, e.g. "soon"; empty = it did not say.</param>
/// <param name="Reasons">The rules that did not permit work then, a line each.</param>
public sealed record Farewell(string Cause, ImmutableArray<string> Reasons)
{
    public static Farewell None { get; } = new("", []);

    /// <summary>The same rules in fields; empty where the vehicle's version told lines only.</summary>
    public ImmutableArray<FailedRule> Rules { get; init; } = [];

    /// <summary>So much of it as is kept, whatever a vehicle says.</summary>
    public static Farewell Of(Goodbye goodbye) =>
        new(FailedRule.Cut(goodbye.Cause), [.. goodbye.Denials.Take(WorkProtocol.MaxDenials).Select(FailedRule.Cut)]) { Rules = FailedRule.Of(goodbye.Rules) };
}

/// <summary>The end of a session as this seed saw it.</summary>
/// <param name="Place">Where it stood, as coarse as it told.</param>
public sealed record Departure(
    VehicleId Vehicle, SessionEpoch Epoch, DepartureKind Kind, DateTimeOffset At, string DeviceClass, GeoPoint Place, Farewell Farewell);

/// <summary>How vehicles left this seed last. Bounded: the vehicle that left longest ago is forgotten first.</summary>
public sealed class DepartureBook(int maxVehicles = 2048)
{
    /// <summary>Departures that are kept of each vehicle.</summary>
    public const int KeptOfEach = 4;

    private readonly OrderedDictionary<VehicleId, ImmutableArray<Departure>> _departures = [];

    /// <summary>The newest first; empty when none is known.</summary>
    public ImmutableArray<Departure> Of(VehicleId vehicle) => _departures.GetValueOrDefault(vehicle, []);

    public void Add(Departure departure)
    {
        var former = Of(departure.Vehicle);
        _departures.Remove(departure.Vehicle);
        _departures.Add(departure.Vehicle, [departure, .. former.Take(KeptOfEach - 1)]);
        if (_departures.Count > maxVehicles)
            _departures.RemoveAt(0);
    }
}
