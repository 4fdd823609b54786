using System.Collections.Immutable;

namespace Mesh.Node.Telemetry;

/// <summary>
/// All that the source has told so far: a pure fold of its events. What is known at a moment is a <see cref="TelemetrySnapshot"/>.
/// Of each path the newest value counts, by the source's time; nothing becomes younger by being told twice.
/// </summary>
public sealed class VehicleTelemetry
{
    /// <summary>Paths that are kept; more than any vehicle has doors, ports and control units.</summary>
    public const int MaxPaths = 256;

    /// <summary>By how much the source's clock may be ahead of ours; such values count as of their arrival.</summary>
    public static readonly TimeSpan MaxClockLead = TimeSpan.FromSeconds(5);

    public static readonly VehicleTelemetry Empty = new(ImmutableSortedDictionary.Create<string, PathState>(StringComparer.Ordinal), null);

    private readonly ImmutableSortedDictionary<string, PathState> _paths;

    private VehicleTelemetry(ImmutableSortedDictionary<string, PathState> paths, string? lostReason) =>
        (_paths, LostReason) = (paths, lostReason);

    public bool IsLost => LostReason is not null;

    /// <summary>Why the source cannot be heard; null while it can.</summary>
    public string? LostReason { get; }

    public VehicleTelemetry Apply(TelemetryEvent happened) => happened switch
    {
        TelemetryEvent.Connected => new(Each(state => state with { Newest = null }), null),
        TelemetryEvent.Lost lost => new(Each(state => state with { Newest = null, Cause = UnknownCause.SourceLost }), lost.Reason),
        TelemetryEvent.Readings readings => new(readings.Items.Aggregate(_paths, With), null),
        _ => throw new InvalidOperationException($"{happened.GetType()} is no event that telemetry knows."),
    };

    public TelemetrySnapshot At(DateTimeOffset now) => new(this, now);

    /// <summary>
    /// Of each path that tells the signal, newest version of VSS first. Paths without a value so far are left out when others
    /// have had one: a vehicle lists doors and ports that it does not have.
    /// </summary>
    internal IReadOnlyList<SignalState> States(VssSignal signal, DateTimeOffset now)
    {
        var states = _paths.Values.Where(state => state.Signal == signal).ToList();
        if (states.Exists(state => state.Counts))
            states.RemoveAll(state => !state.Counts);
        return [.. states.OrderBy(state => state.Rank).Select(state => state.At(now))];
    }

    private ImmutableSortedDictionary<string, PathState> Each(Func<PathState, PathState> change) =>
        _paths.SetItems(_paths.Select(pair => KeyValuePair.Create(pair.Key, change(pair.Value))));

    private static ImmutableSortedDictionary<string, PathState> With(ImmutableSortedDictionary<string, PathState> paths, SignalReading reading)
    {
        if (paths.TryGetValue(reading.Path, out var state))
            return paths.SetItem(reading.Path, state.With(reading));
        return paths.Count < MaxPaths && VssCatalogue.Find(reading.Path) is { } signal
            ? paths.Add(reading.Path, PathState.Of(signal, reading.Path).With(reading))
            : paths;
    }
}
