using System.Diagnostics.Metrics;
using Mesh.Messages.Work;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.Choice;

namespace Mesh.Seed.WorkStreams;

/// <summary>The vehicles with a work stream here by what they take and roughly where they are, on the router's meter.</summary>
public sealed class VehicleMetrics
{
    /// <summary>Characters of the geohash: cells of some 150 km.</summary>
    private const int Precision = 3;

    /// <summary>Cells told apart, those with most vehicles; the others count as one.</summary>
    private const int MaxPlaces = 50;

    private const string OtherPlace = "other";

    public VehicleMetrics(IMeterFactory meters, WorkStreamRegistry streams) =>
        meters.Create(RouterMetrics.MeterName).CreateObservableUpDownCounter(
            "mesh.vehicles",
            () => Count(streams.Streams.Select(stream => (stream.LastStatus, GeoCell.Of(stream.Session.Place).Geohash[..Precision]))),
            "{vehicle}",
            "Vehicles connected to this seed, by what they take and the geohash cell of their coarse place");

    internal static IEnumerable<Measurement<int>> Count(IEnumerable<(VehicleStatus Status, string Place)> vehicles)
    {
        var all = vehicles.Select(vehicle => (State: StateOf(vehicle.Status), vehicle.Place)).ToList();
        var places = all.CountBy(vehicle => vehicle.Place).OrderByDescending(place => place.Value).ThenBy(place => place.Key, StringComparer.Ordinal)
            .Take(MaxPlaces).Select(place => place.Key).ToHashSet();
        return all.CountBy(vehicle => (vehicle.State, Place: places.Contains(vehicle.Place) ? vehicle.Place : OtherPlace))
            .Select(count => new Measurement<int>(count.Value, new("state", count.Key.State), new("place", count.Key.Place)));
    }

    private static string StateOf(VehicleStatus status) => status switch
    {
        { Draining: true } or { Consent: { Interactive: false, Batch: false } } => "draining",
        { LeavesInMs: > 0 } => "leaving",
        { Consent.Interactive: false } => "batch_only",
        _ => "serving",
    };
}
