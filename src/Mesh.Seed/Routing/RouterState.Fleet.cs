using Mesh.Messages;
using Mesh.Messages.Control;

namespace Mesh.Seed.Routing;

// What lasts about vehicles, across their sessions and the router's terms. The JobRouter journals it.
public sealed partial class RouterState
{
    /// <summary>Dispatchers whose last report is remembered; a seed has one for each of its lives.</summary>
    private const int MaxReporters = 64;

    /// <summary>A car parked since less than this before its last session ended had not left in between.</summary>
    private static readonly TimeSpan SameStay = TimeSpan.FromSeconds(30);

    private readonly Dictionary<NodeAddress, ReporterCursor> _reporters = [];

    /// <summary>Of the JobRouter that holds this state; 0 before its first.</summary>
    public long Term { get; private set; }

    public IReadOnlyDictionary<VehicleId, VehicleRecord> Records => _fleet.Records;

    /// <summary>
    /// A JobRouter takes office after recovery. The first of a journal takes the time of day, in milliseconds since 1970, for its
    /// number: when a region's journal was wiped, vehicles that outlived it have seen terms of the former one, which are lower.
    /// </summary>
    public IRouterEvent DecideTerm(DateTimeOffset at) => new TermStarted(Term == 0 ? Math.Max(1, at.ToUnixTimeMilliseconds()) : Term + 1, at);

    /// <summary>A Dispatcher's report; null when it was taken before (told twice, because the answer was lost) or says nothing.</summary>
    public IRouterEvent? DecideReport(FleetReport report) =>
        report.Tallies.Count > 0 && (!_reporters.TryGetValue(report.Reporter, out var cursor) || cursor.Sequence < report.Sequence)
            ? new FleetReported(report.Reporter, report.Sequence, report.At, report.Tallies)
            : null;

    public void Apply(IRouterEvent journaled)
    {
        switch (journaled)
        {
            case TermStarted started: Start(started); break;
            case FleetReported reported: Count(reported); break;
            case IBatchEvent batch: Apply(batch); break;
            default: throw new ArgumentOutOfRangeException(nameof(journaled), journaled, "The router's journal holds an unknown event.");
        }
    }

    private void Start(TermStarted started)
    {
        // As of terms: vehicles may keep results of units of a former journal, so units of this one have other numbers.
        if (Term == 0)
            _book.Restore(BatchBookSnapshot.Empty with { LastUnit = (ulong)(started.Term - 1) });
        Term = started.Term;
    }

    public RouterSnapshot ToSnapshot() =>
        new(Term, [.. Records.Values], [.. _reporters.Values], _book.ToSnapshot(), _fleet.Departures.ToFleetDepartures());

    public void Restore(RouterSnapshot snapshot)
    {
        Term = snapshot.Term;
        _book.Restore(snapshot.Batches);
        _fleet.Learned(new RecordsLearned(snapshot.Vehicles) { Departures = snapshot.Departures });
        foreach (var reporter in snapshot.Reporters)
            _reporters[reporter.Reporter] = reporter;
    }

    private void Count(FleetReported reported)
    {
        _reporters[reported.Reporter] = new ReporterCursor(reported.Reporter, reported.Sequence, reported.At);
        if (_reporters.Count > MaxReporters)
            _reporters.Remove(_reporters.Values.MinBy(cursor => cursor.At)!.Reporter);
        foreach (var tally in reported.Tallies)
        {
            var record = Records.GetValueOrDefault(tally.Vehicle) ?? Newcomer(tally.Vehicle, reported.At);
            _fleet.Learned([Stay(Count(record, tally, reported.At), record, tally)]);
        }
    }

    /// <summary>
    /// Learns how long the car stood. The end of a session need not be a departure: a lost network or a seed's restart ends
    /// one too, and then the car comes back parked since the same time. So a stay is over when the next one has begun.
    /// </summary>
    private VehicleRecord Stay(VehicleRecord record, VehicleRecord before, SessionTally tally)
    {
        var (parked, left) = (record.ParkedAt, record.LeftAt);
        if (tally.Epoch > before.LastEpoch && tally.ParkedAt is { } now)
        {
            // Clocks of seeds differ a little, and so does what a car says on each stream.
            var returned = left is null || now > left - SameStay;
            if (parked is { } stood && left is { } gone && returned)
                _fleet.Departures.Observed(record.Vehicle, stood, gone);
            (parked, left) = (returned || parked is null ? now : parked, null);
        }

        if (tally.LeftAt is not null && tally.Epoch == record.LastEpoch && tally.Epoch > before.LastEnded)
            left = tally.LeftAt;
        return record with { ParkedAt = parked, LeftAt = left, Departures = _fleet.Departures.FactorsOf(record.Vehicle) };
    }

    private static VehicleRecord Count(VehicleRecord record, SessionTally tally, DateTimeOffset at)
    {
        // Every seed of the region reports the same session: it counts once, and so does its end.
        var begins = tally.Epoch > record.LastEpoch;
        var ends = tally.Ended is not null && tally.Epoch > record.LastEnded;
        return record with
        {
            LastEpoch = begins ? tally.Epoch : record.LastEpoch,
            LastEnded = ends ? tally.Epoch : record.LastEnded,
            LastSeen = at > record.LastSeen ? at : record.LastSeen,
            Sessions = record.Sessions + (begins ? 1 : 0),
            PlannedDepartures = record.PlannedDepartures + (ends && tally.Ended == DepartureKind.Planned ? 1 : 0),
            VanishedDepartures = record.VanishedDepartures + (ends && tally.Ended != DepartureKind.Planned ? 1 : 0),
            Answered = record.Answered + tally.Answered,
            Failed = record.Failed + tally.Failed,
            Lost = record.Lost + tally.Lost,
        };
    }

    private static VehicleRecord Newcomer(VehicleId vehicle, DateTimeOffset at) => new(vehicle, default, default, at, at, 0, 0, 0, 0, 0, 0);
}
