using System.Diagnostics.Metrics;

namespace Mesh.Seed.Routing;

/// <summary>What the router counts, on the meter 'Mesh.Seed'.</summary>
public sealed class RouterMetrics
{
    public const string MeterName = "Mesh.Seed";

    private readonly Counter<long> _requests;
    private readonly Counter<long> _attempts;

    public RouterMetrics(IMeterFactory meters, RequestTable table, WorkStreams.WorkStreamRegistry streams)
    {
        var meter = meters.Create(MeterName);
        _requests = meter.CreateCounter<long>("mesh.requests", "{request}", "Interactive requests that ended, by outcome");
        _attempts = meter.CreateCounter<long>("mesh.attempts", "{attempt}", "Dispatches of requests that ended, retries included");
        meter.CreateObservableUpDownCounter("mesh.requests.active", () => table.Count, "{request}", "Interactive requests under way");
        meter.CreateObservableUpDownCounter("mesh.work_streams", () => streams.Streams.Count, "{stream}", "Vehicles connected to this seed");
        meter.CreateObservableCounter(
            "mesh.work_streams.sent", () => streams.Streams.Sum(s => s.BytesSent), "By", "Payload sent on the streams that are open");
    }

    public void RequestCompleted(CompleteRequest completed)
    {
        _requests.Add(1, KeyValuePair.Create<string, object?>("outcome", completed.Outcome.ToString()));
        _attempts.Add(completed.Attempts);
    }
}
