using Mesh.Messages;

namespace Mesh.Node.Telemetry;

/// <summary>All signals of a vehicle at one moment.</summary>
public sealed class TelemetrySnapshot
{
    /// <summary>Latitude and longitude are two signals: their times may differ by this much to be one place.</summary>
    private static readonly TimeSpan PlaceSpread = TimeSpan.FromMinutes(1);

    private readonly VehicleTelemetry _telemetry;

    internal TelemetrySnapshot(VehicleTelemetry telemetry, DateTimeOffset now)
    {
        _telemetry = telemetry;
        Now = now;
    }

    public DateTimeOffset Now { get; }

    /// <summary>The signal's state; of several paths, the one that <see cref="Deciding"/> says when all values permit.</summary>
    public SignalState this[VssSignal signal] => Deciding(signal, _ => true);

    /// <summary>Where the vehicle stands; null unless both halves are known and belong together.</summary>
    public GeoPoint? Place
    {
        get
        {
            var (latitude, longitude) = (this[VssCatalogue.Latitude], this[VssCatalogue.Longitude]);
            return latitude.Number is { } north && longitude.Number is { } east && (latitude.Since - longitude.Since)?.Duration() <= PlaceSpread
                ? new GeoPoint(north, east)
                : null;
        }
    }

    /// <summary>Each path's state that has told the signal, newest version of VSS first; empty where none has.</summary>
    public IReadOnlyList<SignalState> All(VssSignal signal) => _telemetry.States(signal, Now);

    /// <summary>
    /// The one path's state that decides whether the signal permits: of <see cref="SignalInstances.Every"/> a known one that
    /// does not, else an unknown one, else the one that is stale first; of <see cref="SignalInstances.Some"/> a known one that
    /// does and stays fresh longest, else a known one, else an unknown one.
    /// </summary>
    /// <param name="permits">Asked for known states only.</param>
    public SignalState Deciding(VssSignal signal, Func<SignalState, bool> permits)
    {
        var states = All(signal);
        if (states.Count == 0)
            return new SignalState(signal, signal.Name, _telemetry.IsLost ? UnknownCause.SourceLost : UnknownCause.Missing);
        return signal.Instances switch
        {
            SignalInstances.Every => states.MinBy(state => (state.IsKnown ? permits(state) ? 2 : 0 : 1, state.FreshUntil))!,
            SignalInstances.Some => states.MaxBy(state => (state.IsKnown ? permits(state) ? 2 : 1 : 0, state.FreshUntil))!,
            _ => states.FirstOrDefault(state => state.IsKnown) ?? states[0],
        };
    }
}
