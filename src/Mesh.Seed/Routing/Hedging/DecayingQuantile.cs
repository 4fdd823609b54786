namespace Mesh.Seed.Routing.Hedging;

/// <summary>
/// The 95th percentile of the last few hundred durations, in buckets that are 9 % wide: bounded, without randomness, and
/// forgetting, as all counts are halved when there are many. Pure.
/// </summary>
internal sealed class DecayingQuantile
{
    /// <summary>Below it a percentile is no more than a guess.</summary>
    public const int MinSamples = 50;

    private const double Share = 0.95;
    private const int MaxWeight = 1000;
    private const int PerOctave = 8;
    private const int Octaves = 32;

    /// <summary>Upper end of the first bucket, in microseconds; the last one begins after more than a day.</summary>
    private const double FirstUs = 50;

    private readonly float[] _buckets = new float[PerOctave * Octaves];
    private double _total;
    private int _samples;

    /// <summary>Upper end of the percentile's bucket; null before enough samples.</summary>
    public TimeSpan? Value { get; private set; }

    public void Add(TimeSpan sample)
    {
        _buckets[BucketOf(sample)]++;
        _total++;
        _samples = Math.Min(_samples + 1, MinSamples);
        if (_total >= MaxWeight)
            Decay();
        if (_samples >= MinSamples)
            Value = Percentile();
    }

    private static int BucketOf(TimeSpan sample) => Math.Clamp(
        (int)Math.Ceiling(Math.Log2(Math.Max(1, sample.TotalMicroseconds) / FirstUs) * PerOctave), 0, (PerOctave * Octaves) - 1);

    private void Decay()
    {
        _total = 0;
        for (var i = 0; i < _buckets.Length; i++)
        {
            _buckets[i] /= 2;
            _total += _buckets[i];
        }
    }

    private TimeSpan Percentile()
    {
        var above = _total * (1 - Share);
        var bucket = _buckets.Length - 1;
        for (var weight = 0.0; bucket > 0; bucket--)
        {
            weight += _buckets[bucket];
            if (weight > above)
                break;
        }

        return TimeSpan.FromMicroseconds(FirstUs * Math.Pow(2, (double)bucket / PerOctave));
    }
}
