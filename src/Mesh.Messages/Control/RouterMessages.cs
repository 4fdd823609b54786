namespace Mesh.Messages.Control;

/// <summary>How a session of a vehicle ended, as far as the seeds could see.</summary>
public enum DepartureKind
{
    /// <summary>It said goodbye.</summary>
    Planned = 1,

    /// <summary>Its stream broke without a word.</summary>
    Vanished = 2,

    /// <summary>A newer session of the same vehicle took its place before anyone noticed the end of this one.</summary>
    Superseded = 3,
}

/// <summary>What one seed counted about one session of a vehicle since its last report that was taken.</summary>
/// <param name="Answered">Attempts answered, right or refused for their input.</param>
/// <param name="Failed">Attempts that the vehicle could not run.</param>
/// <param name="Lost">Attempts that the vehicle took and never answered.</param>
/// <param name="Ended">Set once, by the seed that saw the session end.</param>
/// <param name="ParkedAt">Since when the car was parked and plugged in, which may be before the session; null = not told.</param>
/// <param name="LeftAt">When the session ended; null = not told, or it goes on.</param>
public sealed record SessionTally(
    VehicleId Vehicle,
    SessionEpoch Epoch,
    long Answered,
    long Failed,
    long Lost,
    DepartureKind? Ended,
    DateTimeOffset? ParkedAt = null,
    DateTimeOffset? LeftAt = null);

/// <summary>
/// A Dispatcher's report to the JobRouter singleton. <paramref name="Sequence"/> grows by one with each report of one
/// <paramref name="Reporter"/>, so that a report told twice counts once. Answer: <see cref="FleetRecords"/>.
/// </summary>
public sealed record FleetReport(NodeAddress Reporter, long Sequence, DateTimeOffset At, IReadOnlyList<SessionTally> Tallies)
    : IMeshMessage;

/// <summary>What lasts about a vehicle across its sessions.</summary>
/// <param name="ParkedAt">Since when it stands, or stood, where the last session took place; null = not known.</param>
/// <param name="LeftAt">When that session ended; null while it goes on. A session that follows tells whether the car had left.</param>
/// <param name="Departures">
/// How its departures differ from the fleet's: 16 numbers of those seen, then 16 of those expected, by part of the day
/// (3 hours, UTC) on workdays and weekends; empty = nothing known.
/// </param>
public sealed record VehicleRecord(
    VehicleId Vehicle,
    SessionEpoch LastEpoch,
    SessionEpoch LastEnded,
    DateTimeOffset FirstSeen,
    DateTimeOffset LastSeen,
    long Sessions,
    long PlannedDepartures,
    long VanishedDepartures,
    long Answered,
    long Failed,
    long Lost,
    DateTimeOffset? ParkedAt = null,
    DateTimeOffset? LeftAt = null,
    IReadOnlyList<float>? Departures = null);

/// <summary>When the vehicles of a fleet leave: by hour of week (UTC, Monday first), and within it by time plugged in (16 bins).</summary>
/// <param name="Departures">Seen.</param>
/// <param name="Hours">That vehicles were there to leave.</param>
public sealed record FleetDepartures(IReadOnlyList<float> Departures, IReadOnlyList<float> Hours);

/// <summary>
/// The JobRouter's answer to a report that is now durable: the records it touched, or all of them when the report was
/// the first of its Dispatcher in this term.
/// </summary>
/// <param name="Departures">Null while they are as told before.</param>
public sealed record FleetRecords(long Term, long Sequence, IReadOnlyList<VehicleRecord> Records, FleetDepartures? Departures = null)
    : IMeshMessage;

/// <summary>Asks the JobRouter singleton who and in which state it is. Answer: <see cref="RouterStatus"/>.</summary>
public sealed record GetRouterStatus : IMeshMessage
{
    public static GetRouterStatus Instance { get; } = new();
}

/// <param name="JournalSequence">Of the last event that is durable.</param>
/// <param name="Vehicles">On record.</param>
/// <param name="ActiveBatches">Of <paramref name="Batches"/> on record those that have not ended.</param>
/// <param name="OpenUnits">Leases of lines that are out.</param>
public sealed record RouterStatus(
    NodeAddress Seed, long Term, long JournalSequence, int Vehicles, int Batches = 0, int ActiveBatches = 0, int OpenUnits = 0) : IMeshMessage;
