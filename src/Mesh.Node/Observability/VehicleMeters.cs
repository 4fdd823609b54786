using System.Diagnostics.Metrics;
using Mesh.Hosting.Observability;
using Mesh.Messages;
using Mesh.Node.Inference;
using Mesh.Node.Metering;
using Mesh.Node.Sessions;

namespace Mesh.Node.Observability;

/// <summary>What a vehicle does, on the meter 'Mesh.Node'.</summary>
public sealed class VehicleMeters
{
    public const string MeterName = "Mesh.Node";

    private const double MicrojoulesPerJoule = 1e6;

    private static readonly InstrumentAdvice<double> Runs = new()
    {
        HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    };

    private readonly Counter<long> _jobs;
    private readonly Histogram<double> _runs;
    private readonly Counter<double> _energy;

    public VehicleMeters(IMeterFactory meters, UsageRecorder usage, LifeLog life, IInferenceEngine engine)
    {
        var meter = meters.Create(MeterName);
        _jobs = meter.CreateCounter<long>("mesh.vehicle.inferences", "{inference}", "Inferences that ended here, by outcome and kind of work");
        _runs = meter.CreateHistogram("mesh.vehicle.inference.duration", "s", "The runs of an inference", advice: Runs);
        _energy = meter.CreateCounter<double>("mesh.vehicle.energy", "J", "Energy of runs, beyond what the computer draws anyway");
        var sessions = meter.CreateCounter<long>("mesh.vehicle.sessions", "{session}", "Sessions that were begun");
        meter.CreateObservableUpDownCounter("mesh.vehicle.queued", () => engine.Status.Queued, "{inference}", "Interactive inferences that wait or run");
        meter.CreateObservableUpDownCounter("mesh.vehicle.models", () => engine.Status.Loaded.Count, "{model}", "Models in memory");
        usage.Added += Count;
        life.Lived += step =>
        {
            if (step.Phase == VehiclePhase.Joining)
                sessions.Add(1);
        };
    }

    private void Count(JobUsage job)
    {
        var kind = new KeyValuePair<string, object?>("kind", job.IsBatch ? "batch" : "interactive");
        _jobs.Add(1, new("outcome", Labels.Of(job.Outcome)), kind);
        if (job.Cost.Runs == 0)
            return;
        _runs.Record(job.Cost.Wall.TotalSeconds, new("model", job.Model), kind);
        _energy.Add(job.Cost.EnergyUj / MicrojoulesPerJoule, new("model", job.Model), kind);
    }
}
