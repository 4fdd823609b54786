using System.Collections;
using System.Diagnostics;
using Mesh.Messages;
using Mesh.Seed.Routing;

namespace Mesh.Benchmarks.FleetLife;

/// <summary>One request's way over the fleet: when each attempt went out and what came back. Moments are <see cref="Stopwatch"/>'s.</summary>
internal sealed class Journey
{
    private readonly Lock _lock = new();
    private readonly List<long> _sent = [];
    private readonly Dictionary<int, AttemptBack> _back = [];

    /// <summary>When each attempt was written to its stream, by number.</summary>
    public IReadOnlyList<long> Sent
    {
        get
        {
            lock (_lock)
                return [.. _sent];
        }
    }

    public bool Hedged { get; set; }

    /// <summary>What came back of an attempt, counted from 1; null: nothing did.</summary>
    public AttemptBack? Back(int attempt)
    {
        lock (_lock)
            return _back.GetValueOrDefault(attempt);
    }

    public void Report(AttemptReported report)
    {
        lock (_lock)
            _back.TryAdd(report.Attempt.Number, new AttemptBack(report.Stream, report.Outcome, Stopwatch.GetTimestamp()));
    }

    /// <summary>The call with tensors that tell this journey whenever they are sent.</summary>
    public InferenceCall Follow(InferenceCall call)
    {
        var tensors = new FollowedTensors(call.Inputs);
        var followed = call with { Inputs = tensors };
        tensors.Read += () =>
        {
            lock (_lock)
                _sent.Add(Stopwatch.GetTimestamp());
        };
        return followed;
    }

    /// <summary>A work stream reads a request's tensors once for each attempt, as it writes them.</summary>
    private sealed class FollowedTensors(IReadOnlyList<RawTensor> tensors) : IReadOnlyList<RawTensor>
    {
        public event Action? Read;

        public int Count => tensors.Count;

        public RawTensor this[int index] => tensors[index];

        public IEnumerator<RawTensor> GetEnumerator()
        {
            Read?.Invoke();
            return tensors.GetEnumerator();
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}

/// <summary>What a stream said of an attempt.</summary>
internal sealed record AttemptBack(StreamId Stream, AttemptOutcome Outcome, long At);
