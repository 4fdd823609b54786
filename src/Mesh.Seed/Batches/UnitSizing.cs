namespace Mesh.Seed.Batches;

/// <summary>How many lines a work unit gets. Pure.</summary>
public static class UnitSizing
{
    /// <summary>
    /// About <see cref="BatchSettings.UnitLength"/> of work, but never more than a fair share of what is left: towards the end
    /// of a batch the units shrink, so that no vehicle sits on a long one while the others are idle.
    /// </summary>
    /// <param name="pending">Lines that wait, above 0.</param>
    /// <param name="vehicles">That could take some.</param>
    /// <param name="secondsPerLine">On the vehicle; null before anything is measured.</param>
    public static int Lines(int pending, int vehicles, double? secondsPerLine, BatchSettings settings)
    {
        var share = (int)Math.Ceiling((double)pending / (settings.UnitsPerVehicle * Math.Max(1, vehicles)));
        if (secondsPerLine is not { } seconds)
            return Math.Clamp(Math.Min(settings.FirstUnitLines, share), 1, pending);
        var most = LinesIn(settings.UnitLength, seconds, settings);
        var least = Math.Min(LinesIn(settings.LeastUnitLength, seconds, settings), most);
        return Math.Min(Math.Clamp(share, least, most), pending);
    }

    /// <summary>How long nothing may be heard of a unit that has so many lines left, the interactive work of its vehicle included.</summary>
    /// <param name="own">Seconds for a line, measured on the vehicle; null before that.</param>
    /// <param name="fleet">The same for the fleet.</param>
    public static TimeSpan Silence(int lines, double? own, double? fleet, BatchSettings settings)
    {
        var expected = (own ?? fleet ?? 0) * lines * settings.UnitsPerVehicle * settings.SilenceFactor;
        var least = own is null ? settings.FirstSilence : settings.LeastSilence;
        return TimeSpan.FromSeconds(Math.Clamp(expected, least.TotalSeconds, settings.MostSilence.TotalSeconds));
    }

    private static int LinesIn(TimeSpan time, double secondsPerLine, BatchSettings settings) =>
        (int)Math.Clamp(time.TotalSeconds / Math.Max(secondsPerLine, 1e-9), 1, settings.MaxUnitLines);
}
