using Mesh.Benchmarks.Policy;

namespace Mesh.Benchmarks.FleetLife;

/// <summary>How a car leaves.</summary>
internal enum DepartureStyle
{
    /// <summary>Its charging timer says when, ahead.</summary>
    Planned,

    /// <summary>The driver unlocks it, pulls the plug and drives.</summary>
    Soon,

    /// <summary>Towed away, its owner takes the consent back, or its computer is too hot.</summary>
    Now,

    /// <summary>Its network is gone from one moment to the next.</summary>
    Vanished,
}

/// <summary>One car at home. Times are since the start of the run; those who were there before have a negative arrival.</summary>
internal sealed record FleetStay(int Car, TimeSpan Arrives, TimeSpan Leaves, DepartureStyle Style, ulong Hash);

/// <summary>
/// Who is at home when: the sessions of the users who plugged in most often, in the busiest window that begins on a Monday,
/// accelerated. Pure.
/// </summary>
internal static class FleetSchedule
{
    /// <summary>A shorter stay would end before the car has joined.</summary>
    public static readonly TimeSpan LeastStay = TimeSpan.FromSeconds(3);

    /// <summary>A shorter absence would begin again before its departure is over.</summary>
    public static readonly TimeSpan LeastAbsence = TimeSpan.FromSeconds(5);

    /// <summary>Until a planned departure: to join and to be told ahead.</summary>
    private static readonly TimeSpan LeastNotice = TimeSpan.FromSeconds(8);

    /// <summary>Nobody knows how real drivers share out; half of a share is left to chance.</summary>
    private static readonly (DepartureStyle Style, double Share)[] Shares =
    [
        (DepartureStyle.Soon, 0.35), (DepartureStyle.Planned, 0.25), (DepartureStyle.Now, 0.20), (DepartureStyle.Vanished, 0.20),
    ];

    /// <param name="length">Of the run.</param>
    /// <param name="speed">Seconds of the sessions in one of the run.</param>
    /// <returns>Each car's stays in turn, ordered by departure; those that end after the run have a departure, too.</returns>
    public static IReadOnlyList<FleetStay> Create(ChargingTrace trace, int cars, TimeSpan length, double speed, ulong seed)
    {
        var (start, busiest) = BusiestWindow(trace, cars, length * speed);
        var stays = busiest
            .SelectMany((user, car) => StaysOf(user, start, speed).Select(stay => (Car: car, stay.Arrives, stay.Leaves)))
            .OrderBy(stay => stay.Leaves)
            .ToList();
        var dealt = Shares.ToDictionary(share => share.Style, _ => 0);
        return
        [
            .. stays.Select((stay, number) =>
            {
                var hash = Draw.Hash(seed, (ulong)number);
                var style = Deal(dealt, number, stay.Leaves - Later(stay.Arrives, TimeSpan.Zero) >= LeastNotice, hash);
                return new FleetStay(stay.Car, stay.Arrives, stay.Leaves, style, hash);
            }),
        ];
    }

    private static (DateTimeOffset Start, List<List<ChargingSession>> Users) BusiestWindow(ChargingTrace trace, int cars, TimeSpan length)
    {
        var first = trace.Sessions[0].PluggedIn.UtcDateTime.Date;
        var monday = new DateTimeOffset(first.AddDays(((int)DayOfWeek.Monday - (int)first.DayOfWeek + 7) % 7), TimeSpan.Zero);
        var last = trace.Sessions.Max(session => session.PluggedOut) - length;
        (DateTimeOffset Start, List<List<ChargingSession>> Users, int Sessions) best = (monday, [], -1);
        for (var start = monday; start <= last; start = start.AddDays(7))
        {
            var users = trace.Between(start, start + length)
                .GroupBy(session => session.Vehicle)
                .OrderByDescending(user => user.Count())
                .ThenBy(user => user.Key.Value, StringComparer.Ordinal)
                .Take(cars)
                .Select(user => user.OrderBy(session => session.PluggedIn).ToList())
                .ToList();
            if (users.Count == cars && users.Sum(user => user.Count) is var sessions && sessions > best.Sessions)
                best = (start, users, sessions);
        }

        return best.Sessions >= 0
            ? (best.Start, best.Users)
            : throw new InvalidDataException($"No window of {length} in the sessions has {cars} users.");
    }

    private static List<(TimeSpan Arrives, TimeSpan Leaves)> StaysOf(List<ChargingSession> sessions, DateTimeOffset start, double speed)
    {
        var stays = new List<(TimeSpan Arrives, TimeSpan Leaves)>();
        foreach (var session in sessions)
        {
            var (arrives, leaves) = ((session.PluggedIn - start) / speed, (session.PluggedOut - start) / speed);
            if (stays.Count > 0 && arrives - stays[^1].Leaves < LeastAbsence)
                stays[^1] = (stays[^1].Arrives, leaves);
            else
                stays.Add((arrives, leaves));
        }

        stays.RemoveAll(stay => stay.Leaves - Later(stay.Arrives, TimeSpan.Zero) < LeastStay);
        return stays;
    }

    /// <summary>The style that is furthest behind its share, give or take.</summary>
    private static DepartureStyle Deal(Dictionary<DepartureStyle, int> dealt, int number, bool maybePlanned, ulong hash)
    {
        var style = Shares
            .Where(share => maybePlanned || share.Style != DepartureStyle.Planned)
            .MaxBy(share => share.Share * (number + 1) - dealt[share.Style] + Draw.Uniform(Draw.Hash(hash, (ulong)share.Style), 0, 0.5))
            .Style;
        dealt[style]++;
        return style;
    }

    private static TimeSpan Later(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
