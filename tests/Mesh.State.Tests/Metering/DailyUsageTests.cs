using Mesh.Node.Metering;

namespace Mesh.State.Tests.Metering;

public sealed class DailyUsageTests
{
    private static readonly DateOnly First = new(2026, 1, 1);

    private readonly DailyUsage _usage = new();

    [Fact]
    public void Each_day_has_its_own_sum_and_counts_metered_bytes_apart()
    {
        _usage.Add(First, DayUsage.Of(10, isMetered: true, energyUj: 100));
        _usage.Add(First.AddDays(1), DayUsage.Of(1, isMetered: false, energyUj: 2));
        _usage.Add(First, DayUsage.Of(5, isMetered: false));
        Assert.Equal(new DayUsage(15, 10, 100), _usage.Of(First));
        Assert.Equal(new DayUsage(1, 0, 2), _usage.Of(First.AddDays(1)));
        Assert.Equal(default, _usage.Of(First.AddDays(2)));
    }

    [Fact]
    public void Only_the_last_days_are_kept_whatever_order_they_come_in()
    {
        for (var day = DailyUsage.KeptDays; day >= 0; day--)
            _usage.Add(First.AddDays(day), DayUsage.Of(1, isMetered: true));
        Assert.Equal(DailyUsage.KeptDays, _usage.Days.Count);
        Assert.DoesNotContain(First, _usage.Days.Keys);
    }
}
