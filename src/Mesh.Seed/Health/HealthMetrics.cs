using System.Diagnostics.Metrics;
using Mesh.Seed.Observability;
using Mesh.Seed.Routing;

namespace Mesh.Seed.Health;

/// <summary>
/// How this seed is, and its journal, on the router's meter. Every seed looks at the journal's database; writes are told by
/// the job router's seed, which has them.
/// </summary>
public sealed class HealthMetrics
{
    private readonly Histogram<double> _writes;
    private readonly Histogram<double> _looks;
    private readonly Counter<long> _failures;

    public HealthMetrics(IMeterFactory meters, HealthWatch health, JournalWatch journal, RouterReadiness router, MonotonicClock clock)
    {
        var meter = meters.Create(RouterMetrics.MeterName);
        meter.CreateObservableGauge("mesh.seed.ready", () => health.Report().IsReady ? 1 : 0, "1", "1 while this seed is ready or degraded, else 0");
        meter.CreateObservableGauge("mesh.seed.trouble", () => Troubles(health.Report()), "1", "1 for each reason why this seed is not ready or degraded, else 0");
        meter.CreateObservableGauge(
            "mesh.router.silence",
            () => (clock.Now - (router.HeardAt ?? TimeSpan.Zero)).TotalSeconds,
            "s",
            "Since the region's job router answered this seed last, or since the seed started");
        meter.CreateObservableUpDownCounter("mesh.journal.pending", () => journal.Pending, "{write}", "Writes handed to the journal and not confirmed yet");
        meter.CreateObservableGauge("mesh.journal.lag", () => journal.Lag.TotalSeconds, "s", "Age of the oldest write that is not confirmed; 0 when there is none");
        meter.CreateObservableGauge(
            "mesh.journal.silence", () => journal.Silence.TotalSeconds, "s", "Since the journal's database last answered this seed, or took a write of it, well");
        _looks = meter.CreateHistogram("mesh.journal.look.duration", "s", "What looks at the journal's database took that went well", advice: Buckets.Latency);
        _writes = meter.CreateHistogram("mesh.journal.write.duration", "s", "From handing a write to the journal until it is durable", advice: Buckets.Latency);
        _failures = meter.CreateCounter<long>("mesh.journal.failures", "{failure}", "Looks at the journal's database and writes to it that failed");
        journal.Written += took => _writes.Record(took.TotalSeconds);
        journal.Looked += took => _looks.Record(took.TotalSeconds);
        journal.Failed += () => _failures.Add(1);
    }

    /// <summary>Shows at zero what has not happened yet, so that its first time is seen as a change.</summary>
    public void Begin() => _failures.Add(0);

    private static IEnumerable<Measurement<int>> Troubles(HealthReport report) => HealthCodes.All.Select(code => new Measurement<int>(
        report.Reasons.Any(reason => reason.Code == code) ? 1 : 0, new KeyValuePair<string, object?>("reason", code)));
}
