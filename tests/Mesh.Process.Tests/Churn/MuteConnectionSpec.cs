using Mesh.Demo;
using Mesh.Demo.Processes;
using Mesh.Testing;
using Xunit.Abstractions;

namespace Mesh.Process.Tests.Churn;

/// <summary>
/// Two members live, and the connection between them is mute: everybody else sees both, and until the two agree with the rest again
/// nobody can be admitted or forgotten.
/// </summary>
public sealed class MuteConnectionSpec(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    [PostgresFact]
    public async Task Of_a_seed_and_a_vehicle_the_vehicle_renews_its_session_and_the_region_goes_on()
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

    [PostgresFact]
    public async Task Of_two_seeds_the_younger_ends_for_its_supervisor_and_the_older_stays()
    {
        await using var region = await ChurningRegion.StartBehindRelayAsync(vehicles: 1);
        using var http = LoopbackHttp.NewClient(connections: 8);
        await using var load = new FailoverLoad(http, [.. region.Seeds.Select(seed => seed.Http)], clients: 2, pace: TimeSpan.FromMilliseconds(100));
        var (older, younger) = (region.Seeds[0], region.Seeds[1]);

        Assert.NotEqual(0, region.MuteFirstSeeds());
        Assert.Equal(Hosting.ExitCodes.RestartMe, await younger.Process.Exited.WaitAsync(Limit));
        await region.UntilWholeAsync(vehicles: 1, Limit, supervised: true);

        var result = await load.StopAsync();
        output.WriteLine($"{result}");
        Assert.Empty(result.Lost);
        Assert.True(result.Answered > 0);
        Assert.Null(older.Process.ExitCode);
        Assert.Contains("seed lives, but this one and it have not reached each other", older.Process.Tail(ManagedProcess.KeptLines), StringComparison.Ordinal);
    }
}
