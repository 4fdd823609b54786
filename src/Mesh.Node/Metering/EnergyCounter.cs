namespace Mesh.Node.Metering;

/// <summary>A file that counts microjoules up and, where it has a range, begins anew beyond it.</summary>
/// <param name="range">The largest value; null = it does not wrap.</param>
internal sealed class EnergyCounter(SystemFiles files, string path, long? range)
{
    private long? _last;

    public string Path => path;

    /// <summary>Since the call before. Null: it cannot be read now, could not then, or began anew without a known range.</summary>
    public long? Advance()
    {
        var (before, now) = (_last, files.Number(path));
        _last = now;
        if (before is null || now is null)
            return null;
        if (now >= before)
            return now - before;
        // Steps are a second long, and the ranges last for minutes: it wrapped once. The value after the largest is 0.
        return range is { } largest && before <= largest ? largest - before + now + 1 : null;
    }
}
