using System.Diagnostics.Metrics;
using Mesh.Hosting.Observability;
using Mesh.Messages.Control;
using Mesh.Seed.Routing;

namespace Mesh.Seed.Batches;

/// <summary>What a line's result from a vehicle turned out to be.</summary>
public enum ResultKind
{
    Accepted,

    /// <summary>Its unit is not open any more.</summary>
    Stale,

    /// <summary>Its line has an outcome.</summary>
    Duplicate,

    /// <summary>There is no such unit, or no such line in it.</summary>
    Unknown,

    /// <summary>Its unit is leased to another vehicle.</summary>
    Unauthorised,
}

/// <summary>What is counted about batches at the JobRouter's seed, on the router's meter.</summary>
public sealed class BatchMetrics
{
    private readonly Counter<long> _lines;
    private readonly Counter<long> _results;
    private volatile State _state = State.None;

    public BatchMetrics(IMeterFactory meters, EnergyMetrics energy)
    {
        Energy = energy;
        var meter = meters.Create(RouterMetrics.MeterName);
        _lines = meter.CreateCounter<long>("mesh.batch.lines", "{line}", "Lines of batches that got their outcome, by file");
        _results = meter.CreateCounter<long>("mesh.batch.results", "{result}", "Results of lines that vehicles sent, by what they were worth");
        meter.CreateObservableUpDownCounter("mesh.batch.units", () => _state.Units, "{unit}", "Work units leased to vehicles");
        meter.CreateObservableUpDownCounter(
            "mesh.batches",
            () => Enum.GetValues<BatchStatus>().Select(status => new Measurement<int>(
                _state.Batches.GetValueOrDefault(status), KeyValuePair.Create<string, object?>("status", Labels.Of(status)))),
            "{batch}",
            "Batches on record, by status");
    }

    internal EnergyMetrics Energy { get; }

    /// <summary>Shows at zero what has not happened yet, so that its first time is seen as a change.</summary>
    public void Begin()
    {
        foreach (var file in new[] { "output", "error" })
            _lines.Add(0, KeyValuePair.Create<string, object?>("file", file));
        foreach (var kind in Enum.GetValues<ResultKind>())
            Results(kind, 0);
    }

    internal void Lines(int done, int failed)
    {
        if (done > 0)
            _lines.Add(done, KeyValuePair.Create<string, object?>("file", "output"));
        if (failed > 0)
            _lines.Add(failed, KeyValuePair.Create<string, object?>("file", "error"));
    }

    internal void Results(ResultKind kind, int count) => _results.Add(count, KeyValuePair.Create<string, object?>("kind", Labels.Of(kind)));

    /// <summary>The JobRouter's state changed here.</summary>
    internal void Changed(BatchBook book) => _state = new State(
        book.Units.Count, book.Batches.Values.CountBy(batch => batch.Entry.Status).ToDictionary());

    /// <summary>The JobRouter left this seed.</summary>
    internal void Left() => _state = State.None;

    private sealed record State(int Units, IReadOnlyDictionary<BatchStatus, int> Batches)
    {
        public static State None { get; } = new(0, new Dictionary<BatchStatus, int>());
    }
}
