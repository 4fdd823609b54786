using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Batches;
using Mesh.Seed.Health;

namespace Mesh.Seed.Routing;

/// <summary>
/// The region's persistent singleton: keeps what lasts about vehicles across their sessions, and drives batches
/// (JobRouter.Batches.cs). Dispatchers tell it their <see cref="FleetReport"/>s; it answers once they are durable, with the
/// records they changed. It takes office by journaling a new term; a persist that fails stops it, so two routers never both
/// write.
/// </summary>
public sealed partial class JobRouter : ReceivePersistentActor, IWithTimers
{
    /// <summary>Events between snapshots: a second of replay at most.</summary>
    private const int SnapshotEvery = 1000;

    /// <summary>Records in one message: some 120 kB, far below what Akka.Remote carries.</summary>
    private const int RecordsPerMessage = 500;

    private readonly JobRouterParts _parts;
    private readonly RouterState _state;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    /// <summary>Dispatchers that were told every record in this term, with the report that was the answer to.</summary>
    private readonly Dictionary<NodeAddress, long> _greeted = [];
    /// <summary>What each Dispatcher was told last of when the fleet leaves, and as the answer to which report.</summary>
    private readonly Dictionary<NodeAddress, (long Version, long Sequence)> _departuresTold = [];

    public JobRouter(JobRouterParts parts)
    {
        PersistenceId = PersistenceIdOf(parts.Region);
        _parts = parts;
        _state = new RouterState(parts.Settings, parts.Place, origin: parts.Clock.Origin);
        Recover<IRouterEvent>(_state.Apply);
        Recover<SnapshotOffer>(offer => _state.Restore((RouterSnapshot)offer.Snapshot));
        Recover<RecoveryCompleted>(_ => TakeOffice());
        Command<FleetReport>(Take);
        Command<GetRouterStatus>(_ => Sender.Tell(Status()));
        Command<ExplainBatch>(Explain);
        Command<SaveSnapshotSuccess>(_ => { });
        Command<SaveSnapshotFailure>(failure => _log.Warning(failure.Cause, "No snapshot was saved; recovery replays more events until the next"));
        TakeBatches();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public override string PersistenceId { get; }

    public static string PersistenceIdOf(RegionName region) => $"job-router-{region}";

    private RouterStatus Status() => new(
        _parts.Seed, _state.Term, LastSequenceNr, _state.Records.Count, _state.Batches.Batches.Count, _state.Batches.Active.Count, _state.Batches.Units.Count);

    /// <summary>An operator asks. Whatever goes wrong with that must not stop the router.</summary>
    private void Explain(ExplainBatch ask)
    {
        try
        {
            var findings = _state.Desk.Explain(ask.Batch, _parts.Clock.Now, Wall);
            var near = findings is null ? BatchFindings.Near(_state.Batches, ask.Batch) : [];
            Sender.Tell(new BatchExplained(ask.Batch, _parts.Seed, _state.Term, findings?.ToJson().ToJsonString(), near));
        }
        catch (Exception e)
        {
            _log.Error(e, "Batch {0} cannot be explained", ask.Batch);
            Sender.Tell(new BatchCallRefused(BatchRefusal.Unavailable, $"batch {ask.Batch} cannot be explained: {e.Message}", null, null));
        }
    }

    private void TakeOffice() =>
        Write(_state.DecideTerm(Wall), started =>
        {
            _state.Apply(started);
            StartBatches();
            _log.Info(
                "Job router in office: term {0}, {1} vehicles and {2} batches on record", _state.Term, _state.Records.Count, _state.Batches.Batches.Count);
        });

    private void Take(FleetReport report)
    {
        if (_state.DecideReport(report) is not { } reported)
        {
            Answer(report);
            return;
        }

        Write(reported, durable =>
        {
            _state.Apply(durable);
            Answer(report);
            SnapshotIfDue(1);
        });
    }

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        _parts.Journal?.RouterFailed(cause, _state.Term);
        base.OnPersistFailure(cause, @event, sequenceNr);
    }

    /// <summary>The router goes on without it, and its handler is never called.</summary>
    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        _parts.Journal?.WriteRejected();
        base.OnPersistRejected(cause, @event, sequenceNr);
    }

    protected override void OnRecoveryFailure(Exception reason, object? message = null)
    {
        _parts.Journal?.RouterFailed(reason, _state.Term);
        base.OnRecoveryFailure(reason, message);
    }

    /// <summary>Journals one event, then goes on.</summary>
    private void Write<T>(T change, Action<T> then)
    {
        _parts.Journal?.WriteBegan();
        Persist(change, durable =>
        {
            _parts.Journal?.WriteConfirmed();
            then(durable);
        });
    }

    /// <param name="written">Events that were written together, the last of them just now.</param>
    private void SnapshotIfDue(int written)
    {
        if (LastSequenceNr / SnapshotEvery > (LastSequenceNr - written) / SnapshotEvery)
            SaveSnapshot(_state.ToSnapshot());
    }

    /// <summary>
    /// A Dispatcher's first report of this term is answered with every record, also when that answer was lost and the report
    /// is told again; later ones with those it touched.
    /// </summary>
    private void Answer(FleetReport report)
    {
        _greeted.TryAdd(report.Reporter, report.Sequence);
        var records = report.Sequence <= _greeted[report.Reporter]
            ? _state.Records.Values
            : report.Tallies.Select(tally => _state.Records.GetValueOrDefault(tally.Vehicle)).OfType<VehicleRecord>();
        var parts = records.Chunk(RecordsPerMessage).DefaultIfEmpty([]).ToList();
        // Only the last part acknowledges the report (0 is nobody's number): one that is lost before it is told again.
        for (var i = 0; i < parts.Count; i++)
            Sender.Tell(new FleetRecords(_state.Term, i == parts.Count - 1 ? report.Sequence : 0, parts[i], i == 0 ? DeparturesFor(report) : null));
    }

    /// <summary>Null when its Dispatcher knows them; a report told again is answered with what may have been lost.</summary>
    private FleetDepartures? DeparturesFor(FleetReport report)
    {
        var version = _state.Fleet.Departures.Version;
        if (_departuresTold.TryGetValue(report.Reporter, out var told) && told.Version == version && told.Sequence != report.Sequence)
            return null;
        _departuresTold[report.Reporter] = (version, report.Sequence);
        return _state.Fleet.Departures.ToFleetDepartures();
    }
}

/// <summary>What the JobRouter works with.</summary>
/// <param name="Seed">Where it is.</param>
/// <param name="Place">Of that seed.</param>
/// <param name="Facts">What that seed's work streams tell.</param>
public sealed record JobRouterParts(
    RegionName Region,
    NodeAddress Seed,
    GeoPoint Place,
    RouterSettings Settings,
    MonotonicClock Clock,
    Random Random,
    FleetFacts Facts,
    IBatchWork Work)
{
    /// <summary>Hears how writes go; null = nobody asks.</summary>
    public JournalWatch? Journal { get; init; }
}
