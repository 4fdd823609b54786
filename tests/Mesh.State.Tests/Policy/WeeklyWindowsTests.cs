using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mesh.Node.Policy;

namespace Mesh.State.Tests.Policy;

public sealed class WeeklyWindowsTests
{
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    [Theory]
    [InlineData("22:00-06:00", 1320, 360)]
    [InlineData("00:00-24:00", 0, 1440)]
    [InlineData("18:00-00:00", 1080, 1440)]
    [InlineData(" 08:30 - 09:00 ", 510, 540)]
    public void Windows_read_as_a_clock_shows_them(string text, int from, int to) =>
        Assert.Equal(new DailyWindow(from, to), DailyWindow.Parse(text));

    [Theory]
    [InlineData("8:00-9:00")]
    [InlineData("08:00")]
    [InlineData("08:00-08:00")]
    [InlineData("24:00-06:00")]
    [InlineData("08:60-09:00")]
    [InlineData("08:00-24:01")]
    [InlineData("")]
    public void Others_do_not(string text) => Assert.Null(DailyWindow.Parse(text));

    [Theory]
    // Monday, 2 March 2026; Berlin is an hour ahead.
    [InlineData("2026-03-02T17:00:00Z", true, "2026-03-03T05:00:00Z")]
    [InlineData("2026-03-03T04:59:59Z", true, "2026-03-03T05:00:00Z")]
    [InlineData("2026-03-03T05:00:00Z", false, "2026-03-09T17:00:00Z")]
    [InlineData("2026-03-02T16:59:59Z", false, "2026-03-02T17:00:00Z")]
    public void A_window_over_midnight_belongs_to_the_day_on_which_it_begins(string now, bool inside, string change) =>
        Assert.Equal((inside, (DateTimeOffset?)Moment(change)), Week(monday: "18:00-06:00").At(Moment(now), Berlin));

    [Fact]
    public void Windows_that_touch_are_one_and_those_that_never_end_have_no_change()
    {
        var touching = WeeklyWindows.EveryDay([new DailyWindow(600, 660), new DailyWindow(660, 720)]);
        Assert.Equal((true, (DateTimeOffset?)Moment("2026-03-02T12:00:00Z")), touching.At(Moment("2026-03-02T10:30:00Z"), TimeZoneInfo.Utc));
        Assert.Equal((true, null), WeeklyWindows.Always.At(Moment("2026-03-02T10:30:00Z"), Berlin));
        Assert.Equal((false, null), WeeklyWindows.Never.At(Moment("2026-03-02T10:30:00Z"), Berlin));
    }

    [Theory]
    // In spring 02:00 to 03:00 does not exist, in autumn it comes twice.
    [InlineData("2026-03-29T00:59:00Z", true, "2026-03-29T01:30:00Z")]
    [InlineData("2026-03-29T01:30:00Z", false, "2026-03-29T23:00:00Z")]
    [InlineData("2026-10-25T00:45:00Z", true, "2026-10-25T01:30:00Z")]
    [InlineData("2026-10-25T01:30:00Z", false, "2026-10-25T23:30:00Z")]
    public void A_day_with_a_change_of_the_clock_has_no_gap_and_no_second_window(string now, bool inside, string change)
    {
        var windows = WeeklyWindows.EveryDay([new DailyWindow(30, 150)]);
        var (isInside, next) = windows.At(Moment(now), Berlin);
        Assert.Equal(inside, isInside);
        Assert.Equal(inside ? Moment(change) : next, next);
    }

    [Property(MaxTest = 200)]
    public Property Nothing_changes_before_the_next_change_and_then_it_does() =>
        Prop.ForAll(Gen.Choose(1, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var week = new WeeklyWindows(Enumerable.Range(0, 7).Select(_ => Enumerable.Range(0, random.Next(3))
                .Select(_ => new DailyWindow(random.Next(1440), random.Next(1, 1441))).Where(window => window.From != window.To)));
            var now = Moment("2026-03-20T00:00:00Z").AddMinutes(random.Next(20 * 1440));
            var (inside, change) = week.At(now, Berlin);
            if (change is not { } at)
                return;
            Assert.True(at > now);
            Assert.Equal(inside, week.At(now + (at - now) * random.NextDouble(), Berlin).Inside);
            // A window of the hour that is skipped in spring is empty: then it is just a moment to look again.
            if (at.Date != new DateTime(2026, 3, 29, 0, 0, 0, DateTimeKind.Utc))
                Assert.NotEqual(inside, week.At(at, Berlin).Inside);
        });

    private static WeeklyWindows Week(string monday) =>
        new(Enum.GetValues<DayOfWeek>().Select(day => day == DayOfWeek.Monday ? new[] { DailyWindow.Parse(monday)!.Value } : []));

    private static DateTimeOffset Moment(string text) =>
        DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
