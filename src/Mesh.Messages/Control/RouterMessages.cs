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
public sealed record SessionTally(
    VehicleId Vehicle,
    SessionEpoch Epoch,
    long Answered,
    long Failed,
    long Lost,
    DepartureKind? Ended);

/// <summary>
/// A Dispatcher's report to the JobRouter singleton. <paramref name="Sequence"/> grows by one with each report of one
/// <paramref name="Reporter"/>, so that a report told twice counts once. Answer: <see cref="FleetRecords"/>.
/// </summary>
public sealed record FleetReport(NodeAddress Reporter, long Sequence, DateTimeOffset At, IReadOnlyList<SessionTally> Tallies)
    : IMeshMessage;

/// <summary>What lasts about a vehicle across its sessions.</summary>
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
    long Lost);

/// <summary>
/// The JobRouter's answer to a report that is now durable: the records it touched, or all of them when the report was
/// the first of its Dispatcher in this term.
/// </summary>
public sealed record FleetRecords(long Term, long Sequence, IReadOnlyList<VehicleRecord> Records) : IMeshMessage;

/// <summary>Asks the JobRouter singleton who and in which state it is. Answer: <see cref="RouterStatus"/>.</summary>
public sealed record GetRouterStatus : IMeshMessage
{
    public static GetRouterStatus Instance { get; } = new();
}

public sealed record RouterStatus(NodeAddress Seed, long Term, long JournalSequence, int Vehicles) : IMeshMessage;
