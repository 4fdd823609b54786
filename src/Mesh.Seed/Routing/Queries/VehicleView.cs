using System.Collections.Immutable;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing.Choice;
using Mesh.Seed.Routing.History;

namespace Mesh.Seed.Routing.Queries;

/// <summary>A vehicle as one seed sees it at one moment. What it shows while it is away is what was known last.</summary>
/// <param name="Record">What lasts about it; null for a newcomer.</param>
public sealed record VehicleView(VehicleId Vehicle, VehicleCondition Condition, VehicleRecord? Record)
{
    /// <summary>Null = not known.</summary>
    internal GeoCell? Cell { get; init; }

    /// <summary>Of the middle of its cell; null where the place is not known or no point was asked about.</summary>
    public double? DistanceKm { get; init; }

    public string DeviceClass { get; init; } = "";

    /// <summary>Null while it is away.</summary>
    public ConnectedVehicle? Connected { get; init; }

    /// <summary>The newest first.</summary>
    public ImmutableArray<Departure> Departures { get; init; } = [];

    public DateTimeOffset? LastSeen { get; init; }

    /// <summary>Attempts that ended here, of all sessions; a report of this session may still be on its way.</summary>
    public long Answered => Math.Max(Connected?.Answered ?? 0, Record?.Answered ?? 0);

    public long Failed => Math.Max(Connected?.Failed ?? 0, Record?.Failed ?? 0);

    public long Lost => Record?.Lost ?? 0;

    internal static VehicleView Of(RoutedVehicle vehicle, RouterView view) =>
        new(vehicle.Id, VehicleConditions.Of(vehicle, view.Now, view.State.Fleet.Settings), vehicle.Record)
        {
            Cell = vehicle.Cell,
            DeviceClass = vehicle.DeviceClass,
            Connected = ConnectedVehicle.Of(vehicle, view),
            Departures = view.History.Departures.Of(vehicle.Id),
            LastSeen = view.Wall,
        };

    internal static VehicleView Away(VehicleId vehicle, RouterView view)
    {
        var (record, departures) = (view.State.Records.GetValueOrDefault(vehicle), view.History.Departures.Of(vehicle));
        var last = departures is [var newest, ..] ? newest : null;
        return new VehicleView(vehicle, VehicleCondition.Away, record)
        {
            Cell = last is null ? null : GeoCell.Of(last.Place),
            DeviceClass = last?.DeviceClass ?? "",
            Departures = departures,
            LastSeen = last?.At > record?.LastSeen || record is null ? last?.At : record.LastSeen,
        };
    }
}

/// <summary>What a vehicle with a work stream here says of itself, and what was measured.</summary>
/// <param name="Running">Requests that this seed has out there.</param>
/// <param name="Queued">Waiting or running there, from all seeds, as it said last.</param>
/// <param name="LeavesIn">Until the departure that it announced; null = it announced none.</param>
public sealed record ConnectedVehicle(
    SessionEpoch Session,
    NodeAddress Member,
    VehicleLoad Load,
    int Running,
    int Queued,
    long Answered,
    long Failed,
    TimeSpan? LeavesIn,
    TimeSpan ParkedFor)
{
    public long MemoryBytes { get; init; }

    public TimeSpan? RoundTrip { get; init; }

    /// <summary>Times its runs take those of the fleet for the same work; null before the first.</summary>
    public double? Slowness { get; init; }

    /// <summary>Departures an hour to expect of it now, as learned; null where it announced one.</summary>
    public double? DeparturesPerHour { get; init; }

    internal static ConnectedVehicle Of(RoutedVehicle vehicle, RouterView view) => new(
        vehicle.Epoch,
        vehicle.Member,
        vehicle.Load,
        vehicle.Outstanding.Count,
        vehicle.Load.Queued,
        vehicle.Answered,
        vehicle.Failed,
        vehicle.LeavesAt is { } leaves ? (leaves > view.Now ? leaves - view.Now : TimeSpan.Zero) : null,
        view.Now - vehicle.ParkedAt)
    {
        MemoryBytes = vehicle.MemoryBytes,
        RoundTrip = vehicle.RoundTrip,
        Slowness = vehicle.Slowness,
        DeparturesPerHour = vehicle.LeavesAt is null
            ? -Math.Log(Math.Max(double.Epsilon, view.State.Fleet.Stay(vehicle, view.Now, TimeSpan.FromHours(1))))
            : null,
    };
}
