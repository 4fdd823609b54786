using Mesh.Messages;
using Mesh.Messages.Control;

namespace Mesh.Seed.Routing;

/// <summary>
/// Counts what this seed sees of each session until the JobRouter has it on record. Pure. A report keeps its sequence
/// number and content until it is acknowledged, so that telling it again counts nothing twice; meanwhile new counts gather.
/// </summary>
public sealed class FleetTallies(NodeAddress reporter)
{
    /// <summary>Sessions counted while no JobRouter takes reports; later ones are not counted.</summary>
    private const int MaxSessions = 10_000;

    private Dictionary<(VehicleId Vehicle, SessionEpoch Epoch), SessionTally> _gathering = [];
    private FleetReport? _told;
    private long _sequence;

    /// <param name="parkedAt">Since when the car is parked and plugged in.</param>
    public void Began(RoutedVehicle vehicle, DateTimeOffset parkedAt) => Add(vehicle, tally => tally with { ParkedAt = parkedAt });

    public void Ended(RoutedVehicle vehicle, AttemptEnd end) => Add(vehicle, tally => end switch
    {
        AttemptEnd.Answered or AttemptEnd.Refused => tally with { Answered = tally.Answered + 1 },
        AttemptEnd.Failed => tally with { Failed = tally.Failed + 1 },
        AttemptEnd.Lost => tally with { Lost = tally.Lost + 1 },
        _ => tally,
    });

    public void Departed(RoutedVehicle vehicle, DepartureKind kind, DateTimeOffset parkedAt, DateTimeOffset leftAt) =>
        Add(vehicle, tally => tally with { Ended = kind, ParkedAt = parkedAt, LeftAt = leftAt });

    /// <summary>The report to tell now: the last one again while nobody acknowledged it.</summary>
    public FleetReport NextReport(DateTimeOffset at)
    {
        if (_told is not null)
            return _told;
        _told = new FleetReport(reporter, ++_sequence, at, [.. _gathering.Values]);
        _gathering = [];
        return _told;
    }

    public void Acknowledged(long sequence)
    {
        if (_told?.Sequence == sequence)
            _told = null;
    }

    private void Add(RoutedVehicle vehicle, Func<SessionTally, SessionTally> change)
    {
        var key = (vehicle.Id, vehicle.Epoch);
        if (_gathering.Count >= MaxSessions && !_gathering.ContainsKey(key))
            return;
        _gathering[key] = change(_gathering.GetValueOrDefault(key) ?? new SessionTally(vehicle.Id, vehicle.Epoch, 0, 0, 0, null));
    }
}
