using System.Text.Json;
using Mesh.Demo;
using Mesh.Demo.Processes;
using Mesh.Testing;
using Xunit.Abstractions;

namespace Mesh.Process.Tests.Churn;

/// <summary>
/// The measurement behind docs/adr/0002-own-downing.md, repeated: 3 seeds and 6 vehicles, one of which is killed and
/// restarted every 4 seconds. Akka's resolver either ended the region (after about 40 s) or never removed anybody.
/// </summary>
public sealed class DowningUnderChurnSpec(ITestOutputHelper output)
{
    private const int Vehicles = 6;

    /// <summary>
    /// 10 or 11 on an idle machine: all who live, and the latest dead. On one that is so busy that news need seconds, the
    /// ring agrees only now and then, at the latest when every car that was Up has died once; each has died twice by then at
    /// most. Without an end to it the 30 kills of two minutes would add 30.
    /// </summary>
    private const int MostMembers = 3 + 3 * Vehicles;

    private static readonly TimeSpan KillEvery = TimeSpan.FromSeconds(4);

    /// <summary>At most this long until another seed's router is in office: the promise of the architecture.</summary>
    private static readonly TimeSpan RouterBack = TimeSpan.FromSeconds(15);

    /// <summary>Long enough for every vehicle to be killed several times; MESH_TEST_CHURN_SECONDS lengthens it.</summary>
    private static readonly TimeSpan ChurnFor = TimeSpan.FromSeconds(
        int.TryParse(Environment.GetEnvironmentVariable("MESH_TEST_CHURN_SECONDS"), out var seconds) ? seconds : 120);

    [PostgresFact]
    public async Task A_region_lives_through_churn_and_the_loss_of_its_routers_seed()
    {
        await using var region = await ChurningRegion.StartAsync(Vehicles);
        var body = RequestOfFirstPicture();
        var loads = region.Seeds.Select(seed => new SteadyLoad(seed, body)).ToList();
        try
        {
            var most = await ChurnAsync(region, region.Seeds, ChurnFor);
            output.WriteLine($"churn for {ChurnFor.TotalSeconds:0} s: at most {most} members; answered {string.Join(", ", loads.Select(l => l.Answered))}");
            Assert.All(loads, load => Assert.Empty(load.Failures));

            var lost = region.RouterSeed;
            var before = region.Offices.Count;
            await loads.Single(load => load.Seed == lost).DisposeAsync();
            var killed = DateTime.UtcNow;
            lost.Process.Kill();
            var survivors = region.Seeds.Where(seed => seed != lost).ToList();
            await Task.WhenAll(
                ChurnAsync(region, survivors, RouterBack),
                ChurningRegion.UntilAsync(() => Task.FromResult(region.Offices.Count > before), RouterBack, "a router in office at another seed"));
            output.WriteLine($"router's seed {lost.Options.Name} killed; back at {region.Offices[^1].Seed} after {(region.Offices[^1].At - killed).TotalSeconds:0.0} s");
            Assert.NotEqual(lost.Options.Name, region.Offices[^1].Seed);
            Assert.All(loads.Where(load => load.Seed != lost), load => Assert.Empty(load.Failures));

            await region.RestartSeedAsync(lost);
            await WholeAgainAsync(region);
        }
        finally
        {
            foreach (var load in loads)
                await load.DisposeAsync();
        }

        Assert.All(loads, load => Assert.True(load.Answered > 0, $"{load.Seed.Options.Name} answered nothing"));
    }

    /// <summary>Kills and restarts one vehicle after the other; answers the most members that a seed saw at once.</summary>
    private async Task<double> ChurnAsync(ChurningRegion region, List<SeedProcess> seeds, TimeSpan duration)
    {
        using var beat = new PeriodicTimer(KillEvery);
        var most = 0.0;
        for (var kills = 0; kills < duration / KillEvery; kills++)
        {
            await region.RestartVehicleAsync(kills % Vehicles);
            await beat.WaitForNextTickAsync();
            var members = await Task.WhenAll(seeds.Select(seed => region.GaugeAsync(seed, "mesh_cluster_members")));
            output.WriteLine($"{DateTime.UtcNow:HH:mm:ss} members {string.Join(", ", members)}: {await region.MembersAsync(seeds[0])}");
            most = Math.Max(most, members.Max());
            Assert.InRange(most, 1, MostMembers);
        }

        return most;
    }

    /// <summary>Nobody dead is left in the membership, and everybody alive is Up in it and has its work stream.</summary>
    private static Task WholeAgainAsync(ChurningRegion region) => ChurningRegion.UntilAsync(
        async () =>
        {
            foreach (var seed in region.Seeds)
            {
                if (await region.GaugeAsync(seed, "mesh_cluster_members", "status=\"up\"") != 3 + Vehicles
                    || await region.GaugeAsync(seed, "mesh_cluster_members") != 3 + Vehicles
                    || await region.GaugeAsync(seed, "mesh_work_streams") != Vehicles)
                    return false;
            }

            return true;
        },
        TimeSpan.FromSeconds(60),
        "3 seeds and 6 vehicles Up at every seed, nobody else, all with their work streams");

    private static byte[] RequestOfFirstPicture()
    {
        var picture = FashionPictures.Load().Image(0);
        return JsonSerializer.SerializeToUtf8Bytes(new
        {
            inputs = new[] { new { name = "image", shape = new[] { 1, 1, 28, 28 }, datatype = "FP32", data = picture.ToArray() } },
        });
    }
}
