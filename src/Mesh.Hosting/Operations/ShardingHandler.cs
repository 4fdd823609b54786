using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Mesh.Hosting.Sharding;
using Mesh.Messages;
using Mesh.Operations;
using Mesh.Operations.Palettes;

namespace Mesh.Hosting.Operations;

/// <summary>Answers <see cref="ShardingPalette"/>, by asking every member's shard region.</summary>
public sealed class ShardingHandler(IClusterMember self) : ICommandHandler, ICompletionSource
{
    /// <summary>A region that does not answer within it is left out, and named.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private const int AtOnce = 32;

    public CommandPalette Palette => ShardingPalette.Palette;

    public IAsyncEnumerable<CommandOutput> RunAsync(CommandCall call, CancellationToken cancellation) => call.Command switch
    {
        "regions" => RegionsAsync(self.Running(), cancellation),
        "shards" => ShardsAsync(self.Running(), cancellation),
        "entity" => EntityAsync(self.Running(), call["id"], cancellation),
        _ => throw new CommandFailedException($"'{call.Command}' is no command of this palette"),
    };

    public Task<IEnumerable<string>> CompleteAsync(SoughtValue sought, CancellationToken cancellation) =>
        Task.FromResult(MeshSystem.VehiclesOf(Cluster.Get(self.Running()).State.Members));

    private static async IAsyncEnumerable<CommandOutput> RegionsAsync(ActorSystem system, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var regions = await AskAsync(system, cancellation);
        yield return new CommandOutput.Table(["type", "region", "shards", "entities"]);
        foreach (var (address, stats) in regions)
            yield return CommandOutput.RowOf(InferenceSharding.TypeName, address.ToString(), stats.Stats.Count, stats.Stats.Values.Sum());
        if (Silent(system, regions) is { } silent)
            yield return silent;
    }

    private static async IAsyncEnumerable<CommandOutput> ShardsAsync(ActorSystem system, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var regions = await AskAsync(system, cancellation);
        yield return new CommandOutput.Table(["type", "shard", "region", "entities"]);
        foreach (var (shard, address, entities) in Shards(regions).OrderBy(shard => shard.Shard, StringComparer.Ordinal))
            yield return CommandOutput.RowOf(InferenceSharding.TypeName, shard, address.ToString(), entities);
        if (Silent(system, regions) is { } silent)
            yield return silent;
    }

    private static async IAsyncEnumerable<CommandOutput> EntityAsync(
        ActorSystem system, string id, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var cluster = Cluster.Get(system);
        var member = cluster.State.Members.Where(member => MeshSystem.SessionOf(member)?.Vehicle.Value == id)
            .MaxBy(member => MeshSystem.SessionOf(member)!.Value.Epoch);
        var found = Shards(await AskAsync(system, cancellation)).Where(shard => shard.Shard == id).ToList();
        if (found.Count == 0 && member is null)
            throw new CommandFailedException($"there is no entity '{id}': its shard lives only while vehicle {id} is a member; 'sharding shards' lists those that are");
        if (found.Count == 0)
            throw new CommandFailedException($"vehicle {id} is a member, {member!.Address}, and its shard has not started: it does with the first message to it");
        yield return new CommandOutput.Table(["entity", "shard", "region", "entities", "is_at_its_vehicle"]);
        foreach (var (shard, address, entities) in found)
            yield return CommandOutput.RowOf(id, shard, address.ToString(), entities, address.Equals(member?.Address));
    }

    /// <summary>
    /// What each region answers, by address. Each is asked by itself: the coordinator's own sum (GetClusterShardingStats) is empty
    /// when a single region is silent, and in a region of cars one often is.
    /// </summary>
    private static async Task<IReadOnlyList<(Address Address, ShardRegionStats Stats)>> AskAsync(ActorSystem system, CancellationToken cancellation)
    {
        var here = Region(system);
        var answers = new ConcurrentBag<(Address Address, ShardRegionStats Stats)>();
        await Parallel.ForEachAsync(
            Members(system),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation },
            async (address, token) =>
            {
                try
                {
                    var region = system.ActorSelection(new RootActorPath(address) / here.Path.Elements);
                    answers.Add((address, await region.Ask<ShardRegionStats>(GetShardRegionStats.Instance, Patience, token)));
                }
                catch (AskTimeoutException)
                {
                    // Named below the answers.
                }
            });
        return [.. answers.OrderBy(answer => answer.Address, Member.AddressOrdering)];
    }

    private static IEnumerable<Address> Members(ActorSystem system) => Cluster.Get(system).State.Members
        .Where(member => member.HasRole(MeshSystem.MeshRole) && member.Status == MemberStatus.Up)
        .Select(member => member.Address);

    /// <summary>The port serves before the member has started all its parts.</summary>
    private static IActorRef Region(ActorSystem system)
    {
        try
        {
            return ClusterSharding.Get(system).ShardRegion(InferenceSharding.TypeName);
        }
        catch (ArgumentException)
        {
            throw new CommandFailedException("the sharding of this process has not started: try again in a moment");
        }
    }

    private static IEnumerable<(string Shard, Address Address, int Entities)> Shards(IReadOnlyList<(Address Address, ShardRegionStats Stats)> regions) =>
        regions.SelectMany(region => region.Stats.Stats.Select(shard => (shard.Key, region.Address, shard.Value)));

    private static CommandOutput.Line? Silent(ActorSystem system, IReadOnlyList<(Address Address, ShardRegionStats Stats)> regions)
    {
        var missing = Members(system).Except(regions.Select(region => region.Address)).ToList();
        return missing.Count > 0 ? new CommandOutput.Line($"no answer within {Patience.TotalSeconds} s from {string.Join(", ", missing)}") : null;
    }
}
