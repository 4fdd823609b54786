using System.Diagnostics.Metrics;
using Mesh.Hosting.Observability;
using Mesh.Messages.Control;
using Mesh.Seed.Observability;
using Mesh.Seed.Routing.Queueing;

namespace Mesh.Seed.Routing;

/// <summary>What the router counts, on the meter 'Mesh.Seed'. Counting allocates nothing.</summary>
public sealed class RouterMetrics
{
    public const string MeterName = "Mesh.Seed";

    private readonly Counter<long> _requests;
    private readonly Counter<long> _attempts;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _hedges;
    private readonly Counter<long> _hedgesWon;
    private readonly Counter<long> _departures;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _stages;

    /// <summary>Requests that wait, by priority level; written by the Dispatcher, read by whoever collects.</summary>
    private readonly int[] _waiting = new int[PriorityLevel.Lowest + 1];

    public RouterMetrics(IMeterFactory meters, RequestTable table, WorkStreams.WorkStreamRegistry streams, EnergyMetrics energy)
    {
        Energy = energy;
        table.Ended += RequestCompleted;
        var meter = meters.Create(MeterName);
        _requests = meter.CreateCounter<long>("mesh.requests", "{request}", "Interactive requests that ended, by outcome");
        _attempts = meter.CreateCounter<long>("mesh.attempts", "{attempt}", "Dispatches of requests that ended, by how; retries and hedges included");
        _refused = meter.CreateCounter<long>("mesh.requests.refused", "{request}", "Interactive requests that the router turned away, by reason");
        _hedges = meter.CreateCounter<long>("mesh.hedges", "{attempt}", "Second attempts started before the first had ended");
        _hedgesWon = meter.CreateCounter<long>("mesh.hedges.won", "{attempt}", "Hedges that answered first");
        _departures = meter.CreateCounter<long>("mesh.vehicle.departures", "{departure}", "Ends of vehicles' sessions that this seed saw, by kind");
        _duration = meter.CreateHistogram("mesh.request.duration", "s", "From a request's arrival at the router to its outcome", advice: Buckets.Latency);
        _stages = meter.CreateHistogram("mesh.request.stage.duration", "s", "Where the time of an answered request went", advice: Buckets.Stage);
        meter.CreateObservableUpDownCounter("mesh.requests.waiting", Waiting, "{request}", "Interactive requests that wait for a vehicle, by priority level");
        meter.CreateObservableUpDownCounter("mesh.requests.active", () => table.Count, "{request}", "Interactive requests under way");
        meter.CreateObservableUpDownCounter("mesh.work_streams", () => streams.Streams.Count, "{stream}", "Vehicles connected to this seed");
        meter.CreateObservableCounter("mesh.work_streams.io", () => Traffic(streams), "By", "Bytes of frames on vehicles' work streams, by direction");
    }

    public EnergyMetrics Energy { get; }

    /// <summary>Shows at zero what has not happened yet, so that its first time is seen as a change.</summary>
    public void Begin()
    {
        _hedges.Add(0);
        _hedgesWon.Add(0);
        foreach (var reason in Labels.All<RefusalReason>())
            _refused.Add(0, Tag("reason", reason));
        foreach (var kind in DepartureCauses.Words.Append(Labels.Of(DepartureKind.Vanished)).Append(Labels.Of(DepartureKind.Superseded)))
            _departures.Add(0, Tag("kind", kind));
    }

    public void HedgeStarted() => _hedges.Add(1);

    /// <param name="end">Null = its request was closed without it.</param>
    public void AttemptEnded(AttemptEnd? end, string model)
    {
        var (ended, ofModel) = (Tag("end", EndLabels.Of(end)), Tag("model", model));
        if (EndLabels.ErrorOf(end) is { } error)
            _attempts.Add(1, ended, ofModel, Tag(MeshSpans.ErrorType, error));
        else
            _attempts.Add(1, ended, ofModel);
    }

    /// <param name="cause">Of a planned one, as the vehicle's goodbye gave it; empty = it gave none.</param>
    public void Departed(DepartureKind kind, string cause) =>
        _departures.Add(1, Tag("kind", kind == DepartureKind.Planned ? DepartureCauses.Known(cause) : Labels.Of(kind)));

    public void RequestCompleted(CompleteRequest completed)
    {
        var (outcome, model) = (Tag("outcome", EndLabels.Of(completed.Outcome)), Tag("model", completed.Model.Name));
        if (EndLabels.ErrorOf(completed.Outcome) is { } error)
        {
            var type = Tag(MeshSpans.ErrorType, error);
            _requests.Add(1, outcome, model, type);
            _duration.Record(completed.Took.TotalSeconds, outcome, model, type);
        }
        else
        {
            _requests.Add(1, outcome, model);
            _duration.Record(completed.Took.TotalSeconds, outcome, model);
        }

        if (completed.Refused is { } reason)
            _refused.Add(1, Tag("reason", Labels.Of(reason)));
        if (completed.HedgeWon)
            _hedgesWon.Add(1);
        if (completed.Outcome != RequestOutcome.Ok)
            return;
        var timings = completed.Timings;
        Stage("queue", completed.Waited + timings.Queue - timings.Load);
        Stage("network", completed.Network);
        Stage("load", timings.Load);
        Stage("infer", timings.Infer);

        // Nothing took longer than the whole, whatever the vehicle says.
        void Stage(string name, TimeSpan took) =>
            _stages.Record(Math.Clamp(took.TotalSeconds, 0, completed.Took.TotalSeconds), Tag("stage", name), model);
    }

    public void QueueChanged(RouterState router)
    {
        for (var level = 1; level < _waiting.Length; level++)
            Volatile.Write(ref _waiting[level], router.WaitingAt(level));
    }

    private static KeyValuePair<string, object?> Tag(string name, string? value) => new(name, value);

    private static Measurement<long>[] Traffic(WorkStreams.WorkStreamRegistry streams) =>
    [
        new(streams.Traffic.Sent, Tag("direction", "transmit")),
        new(streams.Traffic.Received, Tag("direction", "receive")),
    ];

    private IEnumerable<Measurement<int>> Waiting() => Enumerable.Range(1, PriorityLevel.Lowest)
        .Select(level => new Measurement<int>(Volatile.Read(ref _waiting[level]), KeyValuePair.Create<string, object?>("priority", level)));
}
