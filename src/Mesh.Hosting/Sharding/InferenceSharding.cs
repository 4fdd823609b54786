using Akka.Actor;
using Akka.Cluster.Sharding;
using Mesh.Messages;
using Mesh.Messages.Control;

namespace Mesh.Hosting.Sharding;

/// <summary>The shard type 'inference': one entity a vehicle, entity id = shard id = vehicle id, always on that vehicle.</summary>
public static class InferenceSharding
{
    public const string TypeName = "inference";

    /// <summary>Starts it on a member with role 'mesh'; every one of them must, because any may become coordinator.</summary>
    /// <param name="entity">The vehicle's inference actor; null on a seed, where no entity ever lives.</param>
    public static Task<IActorRef> StartInferenceShardingAsync(this ActorSystem system, Func<VehicleId, Props>? entity)
    {
        var settings = ClusterShardingSettings.Create(system).WithRole(MeshSystem.MeshRole);
        return ClusterSharding.Get(system).StartAsync(
            TypeName,
            entityId => entity?.Invoke(new VehicleId(entityId)) ?? Props.Create(() => new MisplacedEntity()),
            settings,
            new Extractor(),
            new VehicleShardAllocation(),
            PoisonPill.Instance);
    }

    private sealed class Extractor : IMessageExtractor
    {
        public string? EntityId(object message) => (message as IVehicleMessage)?.Vehicle.Value;

        public object EntityMessage(object message) => message;

        public string? ShardId(object message) => EntityId(message);

        public string ShardId(string entityId, object? messageHint = null) => entityId;
    }

    /// <summary>Refuses whatever reaches a seed by mistake, e.g. from a node with another allocation strategy.</summary>
    private sealed class MisplacedEntity : ReceiveActor
    {
        public MisplacedEntity() =>
            Receive<IVehicleMessage>(message =>
            {
                Sender.Tell(new VehicleRefused(message.Vehicle, "its shard was placed on a node that is not this vehicle"));
                Context.Stop(Self);
            });
    }
}
