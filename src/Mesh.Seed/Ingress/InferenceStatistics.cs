using System.Collections.Concurrent;

namespace Mesh.Seed.Ingress;

/// <summary>Count and total nanoseconds, Triton's StatisticDuration.</summary>
public readonly record struct DurationStatistic(ulong Count, ulong Nanoseconds)
{
    internal DurationStatistic Plus(TimeSpan duration) => new(Count + 1, Nanoseconds + (ulong)Math.Max(0, duration.TotalNanoseconds));
}

/// <summary>What happened to one model version at this seed, in the terms of Triton's ModelStatistics.</summary>
/// <param name="LastInference">Milliseconds since the epoch; 0 = never.</param>
/// <param name="InferenceCount">Items answered: a batch of 32 counts 32.</param>
/// <param name="ExecutionCount">Requests answered, each one run of the model.</param>
/// <param name="Success">From the read request to the checked answer.</param>
/// <param name="Fail">As Success, for requests that ended otherwise, bad input and cancelled ones included.</param>
/// <param name="Queue">On the vehicle, up to the start of the run.</param>
/// <param name="ComputeInput">Decoding and checking the request at the seed.</param>
/// <param name="ComputeInfer">The run on the vehicle.</param>
/// <param name="ComputeOutput">Checking the answer at the seed.</param>
public readonly record struct ModelStatisticsSnapshot(
    ulong LastInference,
    ulong InferenceCount,
    ulong ExecutionCount,
    DurationStatistic Success,
    DurationStatistic Fail,
    DurationStatistic Queue,
    DurationStatistic ComputeInput,
    DurationStatistic ComputeInfer,
    DurationStatistic ComputeOutput);

/// <summary>Counters per model version since the process started. Thread-safe.</summary>
public sealed class InferenceStatistics
{
    private readonly ConcurrentDictionary<(string Name, string Version), Counters> _counters = new();

    /// <summary>All zeros for a version that was never asked.</summary>
    public ModelStatisticsSnapshot Of(string name, string version) =>
        _counters.TryGetValue((name, version), out var counters) ? counters.Read() : default;

    internal void Succeeded(string name, string version, long items, DateTimeOffset now, in RequestDurations durations) =>
        For(name, version).Succeeded(items, now, durations);

    internal void Failed(string name, string version, TimeSpan total) => For(name, version).Failed(total);

    private Counters For(string name, string version) => _counters.GetOrAdd((name, version), static _ => new Counters());

    /// <summary>A lock, not interlocked fields: a reader must not see a count without its time.</summary>
    private sealed class Counters
    {
        private readonly Lock _lock = new();
        private ModelStatisticsSnapshot _values;

        public ModelStatisticsSnapshot Read()
        {
            lock (_lock)
                return _values;
        }

        public void Succeeded(long items, DateTimeOffset now, in RequestDurations durations)
        {
            lock (_lock)
            {
                _values = new ModelStatisticsSnapshot(
                    Math.Max(_values.LastInference, (ulong)now.ToUnixTimeMilliseconds()),
                    _values.InferenceCount + (ulong)items,
                    _values.ExecutionCount + 1,
                    _values.Success.Plus(durations.Total),
                    _values.Fail,
                    _values.Queue.Plus(durations.Queue),
                    _values.ComputeInput.Plus(durations.Input),
                    _values.ComputeInfer.Plus(durations.Infer),
                    _values.ComputeOutput.Plus(durations.Output));
            }
        }

        public void Failed(TimeSpan total)
        {
            lock (_lock)
                _values = _values with { Fail = _values.Fail.Plus(total) };
        }
    }
}

/// <summary>Where the time of an answered request went.</summary>
internal readonly record struct RequestDurations(TimeSpan Total, TimeSpan Queue, TimeSpan Input, TimeSpan Infer, TimeSpan Output);
