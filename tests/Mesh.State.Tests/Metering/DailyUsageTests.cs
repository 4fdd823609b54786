using Mesh.Node.Metering;

namespace Mesh.State.Tests.Metering;

public sealed class DailyUsageTests
{
    // Two hours before UTC, as in summer in Berlin; a zone of the test's own, because not every computer knows names.
    private static readonly TimeZoneInfo Zone = TimeZoneInfo.CreateCustomTimeZone("test", TimeSpan.FromHours(2), "test", "test");

    private readonly DailyUsage _usage = new(Zone);

    [Fact]
    public void A_day_ends_at_the_owners_midnight()
    {
        _usage.Add(At("2026-06-01T21:59:59Z"), new DayUsage(10, 100));
        _usage.Add(At("2026-06-01T22:00:00Z"), new DayUsage(1, 2));
        _usage.Add(At("2026-06-02T08:00:00+05:00"), new DayUsage(3, 4));
        Assert.Equal(new DayUsage(10, 100), _usage.UsageOfDay(At("2026-06-01T00:00:00+02:00")));
        Assert.Equal(new DayUsage(4, 6), _usage.UsageOfDay(At("2026-06-02T21:59:00Z")));
        Assert.Equal(default, _usage.UsageOfDay(At("2026-06-02T22:00:00Z")));
    }

    [Fact]
    public void Only_the_last_days_are_kept_whatever_order_they_come_in()
    {
        var first = new DateOnly(2026, 1, 1);
        for (var day = DailyUsage.KeptDays; day >= 0; day--)
            _usage.Add(first.AddDays(day), new DayUsage(1, 1));
        Assert.Equal(DailyUsage.KeptDays, _usage.Days.Count);
        Assert.DoesNotContain(first, _usage.Days.Keys);
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, null);
}
