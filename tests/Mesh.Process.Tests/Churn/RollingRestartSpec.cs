using Mesh.Testing;

namespace Mesh.Process.Tests.Churn;

/// <summary>All seeds are restarted one after the other, as for a new release: afterwards the vehicles are the oldest members.</summary>
public sealed class RollingRestartSpec
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    [PostgresFact]
    public async Task Vehicles_that_have_become_older_than_every_seed_renew_their_sessions()
    {
        await using var region = await ChurningRegion.StartAsync(vehicles: 2);
        foreach (var seed in region.Seeds.ToList())
        {
            await seed.Process.TerminateAsync(Limit);
            await region.RestartSeedAsync(seed);
        }

        foreach (var vehicle in region.Vehicles)
        {
            var renewal = await vehicle.Process.WaitForLineAsync(line => line.Contains("older than every seed", StringComparison.Ordinal), Limit);
            Assert.Contains($"{vehicle.Id} is", renewal, StringComparison.Ordinal);
        }

        // Each in a session of its own again, and nobody else is left.
        await ChurningRegion.UntilAsync(
            async () =>
            {
                foreach (var seed in region.Seeds)
                {
                    if (await region.GaugeAsync(seed, "mesh_cluster_members", "status=\"Up\"") != 5
                        || await region.GaugeAsync(seed, "mesh_cluster_members") != 5
                        || await region.GaugeAsync(seed, "mesh_work_streams") != 2)
                        return false;
                }

                return true;
            },
            Limit,
            "3 seeds and 2 vehicles Up at every seed, all with their work streams");
    }
}
