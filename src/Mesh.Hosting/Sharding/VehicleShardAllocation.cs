using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Mesh.Messages;

namespace Mesh.Hosting.Sharding;

/// <summary>
/// Places the shard of a vehicle on that vehicle's newest reachable session, and nowhere while it is away: the coordinator
/// then keeps asking and the shard's messages wait. Runs in the sharding coordinator, on the oldest member.
/// </summary>
public sealed class VehicleShardAllocation : IActorSystemDependentAllocationStrategy
{
    private Cluster? _cluster;

    public void Start(ActorSystem system) => _cluster = Cluster.Get(system);

    public Task<IActorRef> AllocateShard(
        IActorRef requester,
        string shardId,
        IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations)
    {
        var cluster = _cluster ?? throw new InvalidOperationException("The shard coordinator calls Start first.");
        var regions = currentShardAllocations.Keys.ToDictionary(region => AddressOf(region, cluster));
        var state = cluster.State;
        var home = state.Members
            .Where(member => member.Status is MemberStatus.Up or MemberStatus.WeaklyUp && !state.Unreachable.Contains(member))
            .Select(member => (member.Address, Session: MeshSystem.SessionOf(member)))
            .Where(candidate => candidate.Session?.Vehicle.Value == shardId && regions.ContainsKey(candidate.Address))
            .OrderByDescending(candidate => candidate.Session!.Value.Epoch)
            .Select(candidate => regions[candidate.Address])
            .FirstOrDefault(ActorRefs.Nobody);
        return Task.FromResult(home);
    }

    /// <summary>Nothing: a shard moves only because its vehicle did. A hand-off would wait for the dead region.</summary>
    public Task<IImmutableSet<string>> Rebalance(
        IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations,
        IImmutableSet<string> rebalanceInProgress) =>
        Task.FromResult<IImmutableSet<string>>(ImmutableHashSet<string>.Empty);

    private static Address AddressOf(IActorRef region, Cluster cluster) =>
        region.Path.Address.HasLocalScope ? cluster.SelfAddress : region.Path.Address;
}
