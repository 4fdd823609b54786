using Mesh.Demo.Processes;
using Mesh.Process.Tests.Processes;
using Mesh.Testing;

namespace Mesh.Process.Tests.Churn;

/// <summary>A first seed that starts while it hears of no other.</summary>
public sealed class RegionFormationSpec
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(9);

    /// <summary>The others stand still, with the region in them, for as long as Akka's own first seed would wait and longer.</summary>
    [PostgresFact]
    public async Task Beside_a_region_that_runs_it_forms_no_second_one()
    {
        await using var region = await ChurningRegion.StartAsync(vehicles: 1);
        using var http = LoopbackHttp.NewClient();
        var first = region.Seeds[0];
        Assert.True(await first.Process.TerminateAsync(Limit));
        var offices = Offices();
        region.Seeds.Skip(1).ToList().ForEach(seed => Signals.Freeze(seed.Process));
        try
        {
            first = await region.StartSeedAgainAsync(first);
            // Seeds that are silent are waited for so long: with one of the others it would form one now.
            await first.Process.WaitForLineAsync(line => line.Contains("Still not in its region after", StringComparison.Ordinal), Limit);
            using var health = await http.GetAsync(new Uri(first.Http, "/v2/health/ready"));
            Assert.Contains(
                "of the region's 3 seeds it knows 1, itself included, to be in no region; with 2 it forms one",
                await health.Content.ReadAsStringAsync(),
                StringComparison.Ordinal);
            Assert.Equal(offices, Offices());
        }
        finally
        {
            region.Seeds.Skip(1).ToList().ForEach(seed => Signals.Thaw(seed.Process));
        }

        // Connections that waited for half a minute may stay mute: a seed that nobody hears is downed, as one that hears nobody ends itself.
        await region.UntilWholeAsync(vehicles: 1, Limit, supervised: true);

        int Offices() => region.Offices.Count(office => office.Seed == first.Options.Name);
    }
}
