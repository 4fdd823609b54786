using System.Collections.Immutable;

namespace Mesh.Node.Policy;

/// <summary>Windows of each weekday on a wall clock; a window belongs to the day on which it begins.</summary>
public sealed class WeeklyWindows
{
    /// <summary>Days ahead that are looked at for the next change: every weekday again.</summary>
    private const int Horizon = 8;

    public static readonly WeeklyWindows Never = EveryDay([]);

    public static readonly WeeklyWindows Always = EveryDay([DailyWindow.Whole]);

    private readonly ImmutableArray<ImmutableArray<DailyWindow>> _days;

    /// <param name="days">By <see cref="DayOfWeek"/>, Sunday first.</param>
    public WeeklyWindows(IEnumerable<IEnumerable<DailyWindow>> days)
    {
        _days = [.. days.Select(day => day.OrderBy(window => window.From).ToImmutableArray())];
        if (_days.Length != 7)
            throw new ArgumentException($"A week has 7 days, not {_days.Length}.", nameof(days));
    }

    public IReadOnlyList<DailyWindow> this[DayOfWeek day] => _days[(int)day];

    public static WeeklyWindows EveryDay(IEnumerable<DailyWindow> windows)
    {
        var day = windows.ToImmutableArray();
        return new WeeklyWindows(Enumerable.Repeat(day, 7).Cast<IEnumerable<DailyWindow>>());
    }

    /// <summary>Whether the moment is in a window, and when that changes; null = not within a week.</summary>
    public (bool Inside, DateTimeOffset? Change) At(DateTimeOffset now, TimeZoneInfo zone)
    {
        var today = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, zone).DateTime);
        var spans = Enumerable.Range(-1, Horizon + 2)
            .SelectMany(offset => _days[(int)today.AddDays(offset).DayOfWeek]
                .Select(window => (From: Moment(offset, window.From), To: Moment(offset, window.End))))
            .OrderBy(span => span.From)
            .ToList();
        DateTimeOffset? end = null;
        foreach (var (from, to) in spans)
        {
            // Windows that touch or overlap are one.
            if (from <= (end ?? now) && to > (end ?? now))
                end = to;
        }

        if (end is null)
            return (false, spans.Where(span => span.From > now).Select(span => (DateTimeOffset?)span.From).FirstOrDefault());
        return (true, end > now.AddDays(Horizon - 1) ? null : end);

        DateTimeOffset Moment(int day, int minute) => ToMoment(today.AddDays(day), minute, zone);
    }

    /// <summary>
    /// The moment at which the wall clock shows a minute of a day. A minute that is skipped in spring is the one an hour
    /// later, one that comes twice in autumn is the second.
    /// </summary>
    internal static DateTimeOffset ToMoment(DateOnly day, int minute, TimeZoneInfo zone)
    {
        var wall = day.ToDateTime(TimeOnly.MinValue).AddMinutes(minute);
        return new DateTimeOffset(wall, zone.GetUtcOffset(wall)).ToUniversalTime();
    }
}
