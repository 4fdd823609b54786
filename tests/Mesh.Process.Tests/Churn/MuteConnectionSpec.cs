using Mesh.Demo;
using Mesh.Demo.Processes;
using Mesh.Testing;
using Xunit.Abstractions;

namespace Mesh.Process.Tests.Churn;

/// <summary>
/// A vehicle and a seed live, and the connection between them is mute: everybody else sees both, and until the two agree with the rest
/// again nobody can be admitted or forgotten.
/// </summary>
public sealed class MuteConnectionSpec(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    [PostgresFact]
    public async Task The_vehicle_renews_its_session_and_the_region_goes_on()
    {
        await using var region = await ChurningRegion.StartBehindRelayAsync(vehicles: 2);
        using var http = LoopbackHttp.NewClient(connections: 8);
        await using var load = new FailoverLoad(http, [.. region.Seeds.Select(seed => seed.Http)], clients: 2, pace: TimeSpan.FromMilliseconds(100));
        var (vehicle, before) = (region.Vehicles[0], region.Vehicles[0].Process.LineCount);

        Assert.NotEqual(0, region.MuteToFirstSeed(vehicle));
        await vehicle.Process.WaitForLineAsync(line => line.Contains($"{vehicle.Id} starts session", StringComparison.Ordinal), Limit, before);
        await region.UntilWholeAsync(vehicles: 2, Limit);

        var result = await load.StopAsync();
        output.WriteLine($"{result}");
        Assert.Empty(result.Lost);
        Assert.True(result.Answered > 0);
        Assert.Contains(
            region.Seeds,
            seed => seed.Process.Tail(ManagedProcess.KeptLines).Contains($"{vehicle.Id} has its work stream, but another member has not reached it", StringComparison.Ordinal));
    }
}
