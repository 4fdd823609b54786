using Akka.Actor;
using Mesh.Cluster.Tests.Hosting;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.WorkStreams;

namespace Mesh.Cluster.Tests.Sessions;

/// <summary>A vehicle's process outlives its sessions: whatever ends one, the next is served again.</summary>
public sealed class VehicleSessionSpec
{
    private const string Vehicle = "V-001";

    [Fact]
    public async Task A_session_that_was_downed_is_followed_by_a_newer_one()
    {
        await using var region = await InProcessRegion.StartAsync(Vehicle);
        var first = await region.SessionAsync(Vehicle);

        Akka.Cluster.Cluster.Get(region.System).Down(Address.Parse(first.Member.Address));
        var second = await region.SessionAsync(Vehicle, first.Epoch);

        Assert.NotEqual(first.Member, second.Member);
        await AnswersAsync(region, second);
        await InProcessRegion.UntilAsync(() => Members(region).Count == 2, "the seed and the new session, and nobody else");
    }

    [Fact]
    public async Task When_its_only_seed_restarts_a_vehicle_joins_the_new_cluster_in_a_new_session()
    {
        await using var region = await InProcessRegion.StartAsync(Vehicle);
        var first = await region.SessionAsync(Vehicle);

        await region.StopSeedAsync();
        await region.StartSeedAsync();
        var second = await region.SessionAsync(Vehicle, first.Epoch);

        await AnswersAsync(region, second);
        Assert.DoesNotContain(first.Member, Members(region));
    }

    /// <summary>Its shard is where the newest session is.</summary>
    private static async Task AnswersAsync(InProcessRegion region, StreamSession session)
    {
        var statistics = await region.Seed.InferenceActors.Ask<VehicleStatistics>(
            new GetVehicleStatistics(new VehicleId(Vehicle)), TimeSpan.FromSeconds(60));
        Assert.Equal(session.Epoch, statistics.Epoch);
    }

    private static List<NodeAddress> Members(InProcessRegion region) =>
        [.. region.Seed.State!.Members.Select(member => Mesh.Hosting.MeshSystem.ToNodeAddress(member.UniqueAddress))];
}
