namespace Mesh.Messages.Control;

/// <summary>An event that the JobRouter journals. Old ones are read for ever: fields are added, never changed.</summary>
public interface IRouterEvent : IMeshMessage;

/// <summary>
/// A JobRouter took office. Frames and records carry the term, lower ones are refused. It grows by one within a journal, and a
/// new journal's first is above all of those before it in the region.
/// </summary>
public sealed record TermStarted(long Term, DateTimeOffset At) : IRouterEvent;

/// <summary>A Dispatcher's report, taken as a whole.</summary>
public sealed record FleetReported(NodeAddress Reporter, long Sequence, DateTimeOffset At, IReadOnlyList<SessionTally> Tallies)
    : IRouterEvent;

/// <summary>The last report taken from one Dispatcher.</summary>
public sealed record ReporterCursor(NodeAddress Reporter, long Sequence, DateTimeOffset At);

/// <summary>Everything the JobRouter's state holds that lasts.</summary>
public sealed record RouterSnapshot(
    long Term,
    IReadOnlyList<VehicleRecord> Vehicles,
    IReadOnlyList<ReporterCursor> Reporters,
    BatchBookSnapshot Batches,
    FleetDepartures? Departures = null) : IMeshMessage;
