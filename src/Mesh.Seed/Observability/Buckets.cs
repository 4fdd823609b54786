using System.Diagnostics.Metrics;

namespace Mesh.Seed.Observability;

/// <summary>Limits of histograms' buckets, in seconds: about 2.5 times apart, from what a vehicle next door takes to the longest timeouts.</summary>
internal static class Buckets
{
    public static InstrumentAdvice<double> Latency { get; } = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    };

    /// <summary>With some for runs of small models.</summary>
    public static InstrumentAdvice<double> Stage { get; } = new()
    {
        HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    };
}
