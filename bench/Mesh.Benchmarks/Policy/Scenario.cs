using Mesh.Messages;
using Mesh.Seed.Routing;

namespace Mesh.Benchmarks.Policy;

/// <summary>One car's stay during a scenario. Times are since its start.</summary>
/// <param name="Opens">Its stream is there.</param>
/// <param name="ParkedFor">How long it had been plugged in then.</param>
/// <param name="Leaves">It is gone.</param>
/// <param name="Announces">It tells from when on that it will leave; null = it vanishes without a word.</param>
/// <param name="AnnouncedFor">When it says that it will leave: its driver is not to the minute.</param>
/// <param name="NoticedAfter">From vanishing until the seed notices.</param>
internal sealed record Stay(
    Car Car, SessionEpoch Epoch, TimeSpan Opens, TimeSpan ParkedFor, TimeSpan Leaves, TimeSpan? Announces, TimeSpan AnnouncedFor, TimeSpan NoticedAfter);

/// <summary>A request as its client sends it.</summary>
/// <param name="Demand">What it takes on a thread of the average car, for its own input.</param>
internal sealed record SimRequest(RequestId Id, TimeSpan At, SimModel Model, TimeSpan Demand, TimeSpan Deadline)
{
    public TimeSpan Timeout => Deadline - At;
}

/// <summary>A kind of work, and how it is simulated.</summary>
/// <param name="WarmUp">Requests that come earlier are not counted.</param>
/// <param name="Length">Requests come until then.</param>
/// <param name="Pings">Time between two round trips measured on a stream.</param>
/// <param name="Credits">Attempts that a car takes from the seed at a time.</param>
internal sealed record Work(
    string Name, IReadOnlyList<SimModel> Models, bool IsBatch, TimeSpan WarmUp, TimeSpan Length, TimeSpan Pings, Func<Car, int> Credits)
{
    private const double TailShare = 0.01;

    /// <summary>The vehicle's default credits.</summary>
    public static Work Interactive(double scale) => new(
        "interactive", SimModel.Interactive, false, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(60 + 60 * scale), TimeSpan.FromMilliseconds(500), _ => 64);

    /// <summary>A unit on each thread and one more: what lies further back would wait there while others are idle.</summary>
    public static Work Units(int seconds, double scale)
    {
        var work = TimeSpan.FromSeconds(seconds);
        var length = TimeSpan.FromMinutes(45) + 12 * work;
        return new Work(
            $"units of {seconds} s", [SimModel.Unit(work)], true, 2 * work, 2 * work + length * scale, TimeSpan.FromSeconds(30), car => car.Device.Threads + 1);
    }

    /// <summary>Sizes that the rule for wasted work is about, in seconds.</summary>
    public static IReadOnlyList<int> UnitSeconds { get; } = [10, 60, 600];

    public uint Priority => IsBatch ? 1000u : 0u;

    public TimeSpan LongestTimeout => Models.Max(model => model.Timeouts.Max());

    /// <summary>Mean work of a request, in seconds of the average car's thread, with the tail.</summary>
    public double MeanDemand => Models.Sum(model => model.Share * model.Work.TotalSeconds) * MeanStall;

    /// <summary>
    /// Share of the load at a time. A fleet that nobody has used before comes in all at once only in a simulation: at first there
    /// is little to do, until what the cars take for each model has been seen.
    /// </summary>
    public double Ramp(TimeSpan at) => !IsBatch && at < 2 * WarmUp / 3 ? 0.1 : 1;

    private double Sigma => IsBatch ? 0.1 : 0.3;

    private (double Low, double High) Stalls => IsBatch ? (1.2, 2) : (3, 12);

    private double MeanStall => 1 + TailShare * ((Stalls.Low + Stalls.High) / 2 - 1);

    /// <summary>What the request's own input makes of the model's mean.</summary>
    public double OfInput(ulong hash) => Draw.LogNormal(hash, Sigma);

    /// <summary>What the car makes of one run: now and then it stalls.</summary>
    public double OfRun(ulong hash) =>
        Draw.Uniform(hash) < TailShare ? Draw.Uniform(Draw.Hash(hash, 1), Stalls.Low, Stalls.High) : 1;
}

/// <summary>Cars and requests of one window: the same for every policy.</summary>
/// <param name="Start">In the trace.</param>
internal sealed record Scenario(
    Work Work, double Load, DateTimeOffset Start, IReadOnlyList<Stay> Stays, IReadOnlyList<SimRequest> Requests, ulong Seed)
{
    /// <summary>A driver who announces does it this long before.</summary>
    private static readonly (TimeSpan Least, TimeSpan Most) AnnouncedAhead = (TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(60));

    public static Scenario Create(ChargingTrace trace, Work work, double load, DateTimeOffset start, double announcing, ulong carSeed, ulong seed)
    {
        var end = work.Length + work.LongestTimeout;
        var epochs = new Dictionary<VehicleId, ulong>();
        var stays = new List<Stay>();
        foreach (var session in trace.Between(start - TimeSpan.FromMinutes(1), start + end))
        {
            var epoch = epochs[session.Vehicle] = epochs.GetValueOrDefault(session.Vehicle) + 1;
            if (StayOf(session, epoch, start, announcing, carSeed, seed) is { } stay && stay.Opens < end)
                stays.Add(stay);
        }

        return new Scenario(work, load, start, stays, [.. RequestsOf(work, load, stays, seed)], seed);
    }

    /// <summary>Work that the cars present can do in a second, in seconds of the average car's thread.</summary>
    public static double CapacityAt(IEnumerable<Stay> stays, TimeSpan at) =>
        stays.Where(stay => stay.Opens <= at && stay.Leaves > at).Sum(stay => stay.Car.Capacity);

    private static Stay? StayOf(ChargingSession session, ulong epoch, DateTimeOffset start, double announcing, ulong carSeed, ulong seed)
    {
        var car = Car.Of(session.Vehicle, carSeed);
        var hash = Draw.Hash(seed, car.Hash, (ulong)session.PluggedIn.Ticks);
        // The source's times are whole minutes: a car leaves some time within it.
        var leaves = session.PluggedOut - start + Within(Draw.Hash(hash, 1), 0, 60);
        var opens = session.PluggedIn - start + Within(Draw.Hash(hash, 2), 2, 60);
        // Those that were there before come within the first second.
        opens = opens > TimeSpan.Zero ? opens : Within(Draw.Hash(hash, 3), 0, 1);
        if (leaves <= opens)
            return null;
        var announces = Draw.Uniform(Draw.Hash(hash, 4)) < announcing
            ? leaves - Within(Draw.Hash(hash, 5), AnnouncedAhead.Least.TotalSeconds, AnnouncedAhead.Most.TotalSeconds)
            : (TimeSpan?)null;
        return new Stay(
            car,
            new SessionEpoch(epoch),
            opens,
            start + opens - session.PluggedIn,
            leaves,
            announces,
            leaves + Within(Draw.Hash(hash, 6), -60, 60),
            Within(Draw.Hash(hash, 7), 1, 3));
    }

    /// <summary>Poisson arrivals at the given share of what the cars present at each moment can do.</summary>
    private static IEnumerable<SimRequest> RequestsOf(Work work, double load, IReadOnlyList<Stay> stays, ulong seed)
    {
        var changes = stays.SelectMany(stay => new[] { stay.Opens, stay.Leaves }).Append(2 * work.WarmUp / 3).Append(work.Length).Where(at => at > TimeSpan.Zero).Order();
        var (number, begins) = (0UL, TimeSpan.Zero);
        foreach (var ends in changes.TakeWhile(at => at <= work.Length))
        {
            var rate = load * work.Ramp(begins) * CapacityAt(stays, begins) / work.MeanDemand;
            var at = begins;
            while (rate > 0 && (at += TimeSpan.FromSeconds(-Math.Log(1 - Draw.Uniform(Draw.Hash(seed, 11, number + 1))) / rate)) < ends)
                yield return RequestOf(work, ++number, at, seed);
            begins = ends;
        }
    }

    private static SimRequest RequestOf(Work work, ulong number, TimeSpan at, ulong seed)
    {
        var hash = Draw.Hash(seed, 12, number);
        var pick = Draw.Uniform(hash);
        var model = work.Models[^1];
        foreach (var one in work.Models)
        {
            if ((pick -= one.Share) >= 0)
                continue;
            model = one;
            break;
        }

        var timeout = model.Timeouts[(int)(Draw.Uniform(Draw.Hash(hash, 1)) * model.Timeouts.Count)];
        return new SimRequest(new RequestId(number), at, model, model.Work * work.OfInput(Draw.Hash(hash, 2)), at + timeout);
    }

    private static TimeSpan Within(ulong hash, double leastSeconds, double mostSeconds) =>
        TimeSpan.FromSeconds(Draw.Uniform(hash, leastSeconds, mostSeconds));
}
