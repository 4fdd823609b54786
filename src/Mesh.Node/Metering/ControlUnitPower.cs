using Mesh.Node.Policy;
using Mesh.Node.Telemetry;

namespace Mesh.Node.Metering;

/// <summary>
/// The power of the control unit that this process runs on, as the vehicle tells it. Of several units only the one that is
/// named counts: another's power says nothing of what ran here.
/// </summary>
/// <param name="unit">Its name in the path, e.g. "Central"; empty = the vehicle has one.</param>
public sealed class ControlUnitPower(string unit)
{
    private EligibilityWatch? _watch;

    /// <summary>
    /// From here on it knows what <paramref name="watch"/> hears. Not before: the watch asks for the day's usage, and that for
    /// the meter that reads this.
    /// </summary>
    public void Follow(EligibilityWatch watch) => Volatile.Write(ref _watch, watch);

    /// <summary>In watts; null while unknown or stale.</summary>
    public double? Watts() => Volatile.Read(ref _watch) is { } watch ? Watts(watch.Telemetry, unit) : null;

    internal static double? Watts(TelemetrySnapshot telemetry, string unit)
    {
        var states = telemetry.All(VssCatalogue.ComputerPower);
        return unit.Length > 0
            ? states.FirstOrDefault(state => state.Path == VssCatalogue.ComputerPower.Name.Replace("*", unit, StringComparison.Ordinal))?.Number
            : states is [var only] ? only.Number : null;
    }
}
