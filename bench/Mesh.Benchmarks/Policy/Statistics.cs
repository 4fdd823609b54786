namespace Mesh.Benchmarks.Policy;

/// <summary>A mean with the half width of its 95 % confidence interval (Student's t over independent samples).</summary>
/// <param name="HalfWidth">Infinite for fewer than two samples.</param>
internal readonly record struct Interval(double Mean, double HalfWidth)
{
    public double Low => Mean - HalfWidth;

    public double High => Mean + HalfWidth;

    public static Interval Of(IReadOnlyCollection<double> samples)
    {
        ArgumentOutOfRangeException.ThrowIfZero(samples.Count);
        var mean = samples.Average();
        if (samples.Count == 1)
            return new Interval(mean, double.PositiveInfinity);
        var variance = samples.Sum(x => (x - mean) * (x - mean)) / (samples.Count - 1);
        return new Interval(mean, Statistics.StudentT975(samples.Count - 1) * Math.Sqrt(variance / samples.Count));
    }
}

/// <summary>What the tables and verdicts are made of. Pure.</summary>
internal static class Statistics
{
    private static readonly double[] StudentT =
    [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
        2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
    ];

    /// <summary>The 97.5 % quantile of Student's t: tabulated up to 30 degrees of freedom, then by Cornish and Fisher's expansion.</summary>
    public static double StudentT975(int degreesOfFreedom)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(degreesOfFreedom, 1);
        if (degreesOfFreedom <= StudentT.Length)
            return StudentT[degreesOfFreedom - 1];
        const double z = 1.959964;
        var n = (double)degreesOfFreedom;
        return z + (z * z * z + z) / (4 * n) + (5 * Math.Pow(z, 5) + 16 * z * z * z + 3 * z) / (96 * n * n);
    }

    /// <summary>The smallest value that at least this share of all does not exceed (nearest rank). Sorts in place.</summary>
    public static double Quantile(double[] values, double share)
    {
        ArgumentOutOfRangeException.ThrowIfZero(values.Length);
        Array.Sort(values);
        return values[Math.Clamp((int)Math.Ceiling(share * values.Length) - 1, 0, values.Length - 1)];
    }

    /// <summary>
    /// Jain's fairness index of values with weights: 1 when all are equal; with equal weights 1/n when one of n has everything.
    /// 1 when there is nothing to share.
    /// </summary>
    public static double Jain(IEnumerable<(double Value, double Weight)> shares)
    {
        var (weights, sum, squares) = (0.0, 0.0, 0.0);
        foreach (var (value, weight) in shares)
        {
            weights += weight;
            sum += weight * value;
            squares += weight * value * value;
        }

        return squares == 0 ? 1 : sum * sum / (weights * squares);
    }

    /// <summary>Brier score of one forecast: 0 certain and right, 1 certain and wrong.</summary>
    public static double Brier(double forecast, bool happened) => Math.Pow(forecast - (happened ? 1 : 0), 2);
}

/// <summary>
/// Random numbers that are a function of what they are for, not of when they are asked for: the same request takes the same
/// time whichever policy placed it.
/// </summary>
internal static class Draw
{
    public static ulong Hash(ulong seed, ulong a, ulong b = 0, ulong c = 0) => Mix(Mix(Mix(Mix(seed) ^ a) ^ b) ^ c);

    /// <summary>FNV-1a: equal in every process, unlike string's own.</summary>
    public static ulong Hash(string text)
    {
        var hash = 14695981039346656037UL;
        foreach (var letter in text)
            hash = (hash ^ letter) * 1099511628211UL;
        return hash;
    }

    /// <summary>In [0, 1).</summary>
    public static double Uniform(ulong hash) => (Mix(hash) >> 11) * (1.0 / (1UL << 53));

    public static double Uniform(ulong hash, double low, double high) => low + (high - low) * Uniform(hash);

    /// <summary>Mean 0, standard deviation 1 (Box and Muller).</summary>
    public static double Normal(ulong hash) =>
        Math.Sqrt(-2 * Math.Log(1 - Uniform(hash))) * Math.Cos(2 * Math.PI * Uniform(Mix(hash ^ 0x5bf0_3635)));

    /// <summary>Log-normal with mean 1.</summary>
    public static double LogNormal(ulong hash, double sigma) => Math.Exp(sigma * Normal(hash) - sigma * sigma / 2);

    // SplitMix64's finalizer.
    private static ulong Mix(ulong z)
    {
        z += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
