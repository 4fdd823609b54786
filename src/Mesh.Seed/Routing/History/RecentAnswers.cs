namespace Mesh.Seed.Routing.History;

/// <summary>
/// Counts requests that ended and their times at the seed: in all, and over the last seconds. Pure: time is an argument.
/// Allocates nothing once it is made.
/// </summary>
public sealed class RecentAnswers
{
    /// <summary>Seconds that the recent figures are about, the present one not counted.</summary>
    public const int Seconds = 10;

    private readonly Second[] _seconds = [.. Enumerable.Range(0, Seconds + 1).Select(_ => new Second())];
    private RequestCounts _totals;
    private TimeSpan? _first;

    public void Ended(RequestOutcome outcome, bool refused, TimeSpan took, TimeSpan at)
    {
        _first ??= at;
        var kind = RequestCounts.Of(outcome, refused);
        _totals += kind;
        var second = SecondOf(at);
        second.Counts += kind;
        if (outcome == RequestOutcome.Ok)
            second.Times[Bin(took)]++;
    }

    public void Attempted(bool hedge, bool retry, TimeSpan at) => Count(new RequestCounts { Hedges = hedge ? 1 : 0, Retries = retry ? 1 : 0 }, at);

    public void Spent(long energyUj, TimeSpan at) => Count(new RequestCounts { EnergyUj = Math.Max(0, energyUj) }, at);

    public RecentFigures At(TimeSpan now)
    {
        var present = (long)now.TotalSeconds;
        var recent = default(RequestCounts);
        var times = new int[Bins];
        foreach (var second in _seconds.Where(second => second.Number < present && second.Number >= present - Seconds))
        {
            recent += second.Counts;
            for (var bin = 0; bin < Bins; bin++)
                times[bin] += second.Times[bin];
        }

        var span = _first is { } first ? Math.Clamp(present - Math.Floor(first.TotalSeconds), 1, Seconds) : Seconds;
        return new RecentFigures(_totals, recent, TimeSpan.FromSeconds(span), Quantile(times, 0.5), Quantile(times, 0.99));
    }

    private void Count(RequestCounts counts, TimeSpan at)
    {
        _totals += counts;
        SecondOf(at).Counts += counts;
    }

    private Second SecondOf(TimeSpan at)
    {
        var number = (long)at.TotalSeconds;
        var second = _seconds[number % _seconds.Length];
        if (second.Number != number)
            second.Begin(number);
        return second;
    }

    // Sixteen bins for each doubling: a time is told to about 4 %.
    private const int PerDoubling = 16;
    private const int Bins = 32 * PerDoubling;

    private static int Bin(TimeSpan took) =>
        Math.Clamp((int)(Math.Log2(Math.Max(1, took.TotalMicroseconds)) * PerDoubling), 0, Bins - 1);

    private static TimeSpan? Quantile(int[] times, double share)
    {
        var left = (long)Math.Ceiling(times.Sum(count => (long)count) * share);
        if (left == 0)
            return null;
        for (var bin = 0; bin < Bins; bin++)
        {
            left -= times[bin];
            if (left <= 0)
                return TimeSpan.FromMicroseconds(Math.Pow(2, (bin + 0.5) / PerDoubling));
        }

        return null;
    }

    private sealed class Second
    {
        public long Number { get; private set; } = -1;

        public RequestCounts Counts { get; set; }

        public int[] Times { get; } = new int[Bins];

        public void Begin(long number)
        {
            (Number, Counts) = (number, default);
            Array.Clear(Times);
        }
    }
}

/// <summary>Requests by how they ended, and what their attempts took.</summary>
public readonly record struct RequestCounts
{
    public long Answered { get; init; }

    /// <summary>Turned away untried, or given up because no vehicle came: trying again may help.</summary>
    public long Refused { get; init; }

    /// <summary>Not answered in time, or by nobody that tried.</summary>
    public long Failed { get; init; }

    /// <summary>The model takes no such input.</summary>
    public long Invalid { get; init; }

    public long Cancelled { get; init; }

    public long Hedges { get; init; }

    public long Retries { get; init; }

    public long EnergyUj { get; init; }

    public static RequestCounts Of(RequestOutcome outcome, bool refused) => outcome switch
    {
        RequestOutcome.Ok => new RequestCounts { Answered = 1 },
        RequestOutcome.Invalid => new RequestCounts { Invalid = 1 },
        RequestOutcome.Cancelled => new RequestCounts { Cancelled = 1 },
        _ => refused ? new RequestCounts { Refused = 1 } : new RequestCounts { Failed = 1 },
    };

    public static RequestCounts operator +(RequestCounts one, RequestCounts other) => new()
    {
        Answered = one.Answered + other.Answered,
        Refused = one.Refused + other.Refused,
        Failed = one.Failed + other.Failed,
        Invalid = one.Invalid + other.Invalid,
        Cancelled = one.Cancelled + other.Cancelled,
        Hedges = one.Hedges + other.Hedges,
        Retries = one.Retries + other.Retries,
        EnergyUj = one.EnergyUj + other.EnergyUj,
    };

    public static RequestCounts Add(RequestCounts left, RequestCounts right) => left + right;
}

/// <param name="Span">That <paramref name="Recent"/> is about: ten seconds, or fewer shortly after the first request.</param>
/// <param name="P50">Of the answered requests' times at the seed; null while there are none. As <paramref name="P99"/>.</param>
public sealed record RecentFigures(RequestCounts Totals, RequestCounts Recent, TimeSpan Span, TimeSpan? P50, TimeSpan? P99);
