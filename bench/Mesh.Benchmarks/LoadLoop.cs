using System.Diagnostics;

namespace Mesh.Benchmarks;

/// <summary>The one loop that drives every transport: so many slots, each with one request out at a time.</summary>
internal static class LoadLoop
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(500);

    /// <summary>Calls per second with <paramref name="inFlight"/> of them out at any time.</summary>
    /// <param name="call">One request and its answer, from the given slot.</param>
    public static async Task<double> RateAsync(Func<int, ValueTask> call, int inFlight, TimeSpan duration)
    {
        var counts = new PaddedCount[inFlight];
        using var stop = new CancellationTokenSource();
        var slots = Enumerable.Range(0, inFlight).Select(slot => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await call(slot);
                counts[slot].Value++;
            }
        })).ToArray();
        var all = Task.WhenAll(slots);
        await WaitAsync(WarmUp);
        var (before, started) = (Sum(), Stopwatch.GetTimestamp());
        await WaitAsync(duration);
        var rate = (Sum() - before) / Stopwatch.GetElapsedTime(started).TotalSeconds;
        await stop.CancelAsync();
        await all;
        return rate;

        long Sum() => counts.Sum(count => Volatile.Read(ref count.Value));

        // A call that fails ends the measurement with its reason, at once.
        async Task WaitAsync(TimeSpan time)
        {
            if (await Task.WhenAny(all, Task.Delay(time)) == all)
                await all;
        }
    }

    /// <summary>Median time of one call in milliseconds, one at a time.</summary>
    public static async Task<double> MedianAsync(Func<int, ValueTask> call, TimeSpan duration)
    {
        var samples = new List<double>();
        var begun = Stopwatch.GetTimestamp();
        var end = WarmUp + duration;
        for (var elapsed = TimeSpan.Zero; elapsed < end; elapsed = Stopwatch.GetElapsedTime(begun))
        {
            var started = Stopwatch.GetTimestamp();
            await call(0);
            if (elapsed >= WarmUp)
                samples.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        return Median(samples);
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>A cache line of its own, so that slots do not slow each other down by counting.</summary>
    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Explicit, Size = 128)]
    private struct PaddedCount
    {
        [System.Runtime.InteropServices.FieldOffset(64)]
        public long Value;
    }
}
