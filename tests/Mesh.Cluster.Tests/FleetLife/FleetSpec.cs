using Mesh.Benchmarks.FleetLife;
using Mesh.Benchmarks.Policy;
using Xunit.Abstractions;

namespace Mesh.Cluster.Tests.FleetLife;

/// <summary>
/// Cars that come and go as in real charging sessions, under load: whatever way they leave, each request has one end, in time
/// and right. What the benchmark <c>fleet</c> runs for minutes, small; how long things take is its business, not this test's.
/// </summary>
public sealed class FleetSpec(ITestOutputHelper output)
{
    private static readonly FleetOptions Options = new()
    {
        Cars = 6,
        Length = TimeSpan.FromSeconds(30),
        Speed = 4000,
        Slow = 0.5,
        Pictures = 10,
    };

    [Fact]
    public async Task Cars_leave_in_every_way_and_no_request_is_lost()
    {
        var stays = FleetSchedule.Create(ChargingTrace.Read(Options.Trace), Options.Cars, Options.Length, Options.Speed, (ulong)Options.Seed);
        var report = new StringWriter();
        var result = await FleetRun.RunAsync(Options, stays, report);
        FleetReport.Print(result, Options, report);
        output.WriteLine(report.ToString());

        Assert.All(Enum.GetValues<DepartureStyle>(), style => Assert.NotEmpty(result.Of(style)));
        Assert.NotEmpty(result.Joins);
        Assert.NotEmpty(result.Answered);
        Assert.Empty(result.Lost);
        Assert.Empty(result.Late);
        Assert.Empty(result.Wrong);
        // Not lost, but refused without a reason or ended as no request may.
        Assert.Empty(result.Failed);
    }
}
