using Mesh.Benchmarks.Policy;
using Mesh.Messages;

namespace Mesh.State.Tests.Policy;

public class ChargingTraceTests
{
    private const string Header = "vehicle_id,site_id,plug_in_utc,plug_out_utc,charging_end_utc,energy_kwh,latitude,longitude";

    [Fact]
    public void The_file_that_comes_along_has_what_its_source_says()
    {
        var trace = ChargingTrace.Read(ChargingTrace.DefaultFile);
        Assert.Equal(267, trace.Sessions.Select(session => session.Vehicle).Distinct().Count());
        // 35,339 rows; 259 begin before, or in the minute when, an earlier one of the same id ends, and are one with it.
        Assert.Equal(35_339 - 259, trace.Sessions.Count);
        // "From 2020-01-06 to 2020-01-31 ... over all hours of that window least 14, most 82."
        var counts = Enumerable.Range(0, (int)(PolicyRun.To - PolicyRun.From).TotalHours)
            .Select(hour => PolicyRun.From.AddHours(hour))
            .Select(at => trace.Between(at, at.AddTicks(1)).Count())
            .ToList();
        Assert.InRange(counts.Min(), 13, 15);
        Assert.InRange(counts.Max(), 80, 84);
    }

    [Fact]
    public void Sessions_of_one_id_that_overlap_are_one()
    {
        var trace = Read(
            "car-1,S,2020-01-06T10:00:00Z,2020-01-06T12:00:00Z,,1,,",
            "car-2,S,2020-01-06T10:30:00Z,2020-01-06T11:00:00Z,,1,,",
            "car-1,S,2020-01-06T11:00:00Z,2020-01-06T13:00:00Z,,1,,",
            "car-1,S,2020-01-06T14:00:00Z,2020-01-06T15:00:00Z,,1,,");
        Assert.Equal(
            [("car-1", 10, 13), ("car-2", 10, 11), ("car-1", 14, 15)],
            trace.Sessions.Select(s => (s.Vehicle.Value, s.PluggedIn.Hour, s.PluggedOut.Hour)));
        Assert.Equal(["car-1"], trace.Between(At(12, 30), At(14)).Select(s => s.Vehicle.Value));
    }

    [Theory]
    [InlineData("car-1,S,2020-01-06T10:00:00Z,2020-01-06T12:00:00Z,,1,", "it has 7 fields instead of 8")]
    [InlineData("car 1,S,2020-01-06T10:00:00Z,2020-01-06T12:00:00Z,,1,,", "'car 1' is not a vehicle id")]
    [InlineData("car-1,S,2020-01-06 10:00,2020-01-06T12:00:00Z,,1,,", "plug_in_utc '2020-01-06 10:00' is not a time")]
    [InlineData("car-1,S,2020-01-06T10:00:00Z,,,1,,", "plug_out_utc '' is not a time")]
    [InlineData("car-1,S,2020-01-06T10:00:00Z,2020-01-06T10:00:00Z,,1,,", "is not after plug_in_utc")]
    public void A_malformed_row_is_refused_by_file_and_line(string row, string why)
    {
        var refused = Assert.Throws<InvalidDataException>(() => Read("ok,S,2020-01-06T10:00:00Z,2020-01-06T12:00:00Z,,1,,", row));
        Assert.StartsWith("sessions.csv, line 3: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_header_is_refused() =>
        Assert.Contains("line 1", Assert.Throws<InvalidDataException>(() => ChargingTrace.Read(new StringReader("a,b\n"), "x")).Message, StringComparison.Ordinal);

    private static ChargingTrace Read(params string[] rows) =>
        ChargingTrace.Read(new StringReader(string.Join('\n', [Header, .. rows])), "sessions.csv");

    private static DateTimeOffset At(int hour, int minute = 0) => new(2020, 1, 6, hour, minute, 0, TimeSpan.Zero);
}
