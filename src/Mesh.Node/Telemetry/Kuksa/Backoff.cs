namespace Mesh.Node.Telemetry.Kuksa;

/// <summary>How long to wait before the next try: twice as long after each failure up to a limit, of which a random half.</summary>
internal static class Backoff
{
    /// <param name="failures">In a row, 1 or more.</param>
    /// <param name="random">0 up to 1.</param>
    public static TimeSpan Delay(int failures, TimeSpan first, TimeSpan longest, double random)
    {
        var most = Math.Min(longest.TotalSeconds, first.TotalSeconds * Math.Pow(2, Math.Min(failures, 30) - 1));
        return TimeSpan.FromSeconds(most * (0.5 + random / 2));
    }
}
