using System.Diagnostics.Metrics;
using Mesh.Seed.Routing.Queueing;

namespace Mesh.Seed.Routing;

/// <summary>What the router counts, on the meter 'Mesh.Seed'.</summary>
public sealed class RouterMetrics
{
    public const string MeterName = "Mesh.Seed";

    private readonly Counter<long> _requests;
    private readonly Counter<long> _attempts;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _hedges;
    private readonly Counter<long> _hedgesWon;

    /// <summary>Requests that wait, by priority level; written by the Dispatcher, read by whoever collects.</summary>
    private readonly int[] _waiting = new int[PriorityLevel.Lowest + 1];

    public RouterMetrics(IMeterFactory meters, RequestTable table, WorkStreams.WorkStreamRegistry streams, EnergyMetrics energy)
    {
        Energy = energy;
        var meter = meters.Create(MeterName);
        _requests = meter.CreateCounter<long>("mesh.requests", "{request}", "Interactive requests that ended, by outcome");
        _attempts = meter.CreateCounter<long>("mesh.attempts", "{attempt}", "Dispatches of requests that ended, retries included");
        _refused = meter.CreateCounter<long>("mesh.requests.refused", "{request}", "Interactive requests that the router turned away, by reason");
        _hedges = meter.CreateCounter<long>("mesh.hedges", "{attempt}", "Second attempts started before the first had ended");
        _hedgesWon = meter.CreateCounter<long>("mesh.hedges.won", "{attempt}", "Hedges that answered first");
        meter.CreateObservableUpDownCounter("mesh.requests.waiting", Waiting, "{request}", "Interactive requests that wait for a vehicle, by priority level");
        meter.CreateObservableUpDownCounter("mesh.requests.active", () => table.Count, "{request}", "Interactive requests under way");
        meter.CreateObservableUpDownCounter("mesh.work_streams", () => streams.Streams.Count, "{stream}", "Vehicles connected to this seed");
        meter.CreateObservableCounter(
            "mesh.work_streams.sent", () => streams.Streams.Sum(s => s.BytesSent), "By", "Payload sent on the streams that are open");
    }

    public EnergyMetrics Energy { get; }

    public void HedgeStarted() => _hedges.Add(1);

    public void RequestCompleted(CompleteRequest completed)
    {
        _requests.Add(1, KeyValuePair.Create<string, object?>("outcome", completed.Outcome.ToString()));
        _attempts.Add(completed.Attempts);
        if (completed.Refused is { } reason)
            _refused.Add(1, KeyValuePair.Create<string, object?>("reason", reason.ToString()));
        if (completed.HedgeWon)
            _hedgesWon.Add(1);
    }

    public void QueueChanged(RouterState router)
    {
        for (var level = 1; level < _waiting.Length; level++)
            Volatile.Write(ref _waiting[level], router.WaitingAt(level));
    }

    private IEnumerable<Measurement<int>> Waiting() => Enumerable.Range(1, PriorityLevel.Lowest)
        .Select(level => new Measurement<int>(Volatile.Read(ref _waiting[level]), KeyValuePair.Create<string, object?>("priority", level)));
}
