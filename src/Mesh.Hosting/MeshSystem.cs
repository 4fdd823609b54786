using System.Globalization;
using System.Net;
using System.Reflection;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Cluster.Tools.Singleton;
using Akka.Configuration;
using Akka.DistributedData;
using Mesh.Messages;

namespace Mesh.Hosting;

/// <summary>How an ActorSystem of the mesh reaches its cluster.</summary>
/// <param name="Host">Name or address that other members connect to.</param>
/// <param name="Bind">Local address that it listens on.</param>
/// <param name="Port">0 = any free one.</param>
/// <param name="Seeds">Host and port of each seed of the region.</param>
public sealed record MemberOptions(string Host, IPAddress Bind, int Port, IReadOnlyList<string> Roles, IReadOnlyList<DnsEndPoint> Seeds);

/// <summary>Builds the ActorSystems of seeds and of vehicles' sessions alike: same name, same wire, same serializers.</summary>
public static class MeshSystem
{
    public const string Name = "mesh";

    public const string SeedRole = "seed";

    public const string VehicleRole = "vehicle";

    /// <summary>Of the program, without the commit; members tell it each other.</summary>
    public static string Version { get; } =
        typeof(MeshSystem).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Seeds and vehicles: where shards may live.</summary>
    public const string MeshRole = "mesh";

    /// <summary>
    /// Settings that are not an operator's to change: what the two planes, strict serialization and sharding rest on.
    /// </summary>
    private const string Fixed = """
        akka {
          actor {
            provider = cluster
            serialization-settings.allow-unregistered-types = off
            serializers {
              json = "Mesh.Messages.Serialization.RejectingJsonSerializer, Mesh.Messages"
              mesh = "Mesh.Messages.Serialization.MeshSerializer, Mesh.Messages"
            }
            serialization-bindings {
              "Mesh.Messages.Control.IMeshMessage, Mesh.Messages" = mesh
            }
          }
          cluster {
            downing-provider-class = "Mesh.Hosting.Downing.MeshDowningProvider, Mesh.Hosting"
            sharding {
              role = mesh
              state-store-mode = ddata
              remember-entities = off
              passivate-idle-entity-after = off
              distributed-data.durable.keys = []
            }
            # Warns at once, before its period has passed; a router that is missing shows in the seed's readiness.
            singleton-proxy.log-singleton-identification-failure = off
          }
          coordinated-shutdown {
            exit-clr = off
            run-by-clr-shutdown-hook = off
          }
          # A session that was downed ends by itself, and its process opens the next one.
          cluster.run-coordinated-shutdown-when-down = on
          # Inference by message (InferenceActor) carries tensors; clients' requests do not pass here.
          remote.dot-netty.tcp.maximum-frame-size = 4MiB
          log-dead-letters = 0
          log-dead-letters-during-shutdown = off
          loglevel = INFO
          stdout-loglevel = OFF
          # Off or not, it is written to once the loggers have ended; a log of JSON must hold nothing else.
          stdout-logger-class = "Mesh.Hosting.Logging.SilentLogger, Mesh.Hosting"
          loggers = ["Mesh.Hosting.Logging.AkkaLogger, Mesh.Hosting"]
        }
        """;

    /// <param name="options">Addresses and roles.</param>
    /// <param name="settings">The program's HOCON: what an operator may tune.</param>
    /// <param name="setups">Extensions' set-ups, e.g. the logger factory.</param>
    public static ActorSystem Create(MemberOptions options, Config settings, params Setup[] setups)
    {
        var config = ConfigurationFactory.ParseString(Fixed)
            .WithFallback(MemberConfig(options))
            .WithFallback(settings)
            .WithFallback(ClusterSharding.DefaultConfig())
            .WithFallback(ClusterSingleton.DefaultConfig())
            .WithFallback(DistributedData.DefaultConfig());
        return ActorSystem.Create(Name, ActorSystemSetup.Create([BootstrapSetup.Create().WithConfig(config), .. setups]));
    }

    /// <summary>Cluster roles of a seed (docs/ARCHITECTURE.md, "Roles").</summary>
    public static IReadOnlyList<string> SeedRoles(RegionName region) => [SeedRole, MeshRole, RegionRole(region)];

    /// <summary>Cluster roles of one session of a vehicle; they tell the downing rules and the shard allocation which one it is.</summary>
    public static IReadOnlyList<string> VehicleRoles(RegionName region, VehicleId vehicle, SessionEpoch epoch) =>
        [VehicleRole, MeshRole, RegionRole(region), VehicleRolePrefix + vehicle.Value, SessionRolePrefix + epoch];

    /// <summary>Names of the vehicles among the members.</summary>
    public static IEnumerable<string> VehiclesOf(IEnumerable<Member> members) =>
        members.Select(SessionOf).OfType<(VehicleId Vehicle, SessionEpoch Epoch)>().Select(session => session.Vehicle.Value);

    /// <summary>Whose session a member is; null for a seed.</summary>
    public static (VehicleId Vehicle, SessionEpoch Epoch)? SessionOf(Member member)
    {
        if (!member.HasRole(VehicleRole))
            return null;
        VehicleId vehicle = default;
        var epoch = 0UL;
        foreach (var role in member.Roles)
        {
            if (role.StartsWith(VehicleRolePrefix, StringComparison.Ordinal)
                && VehicleId.TryParse(role[VehicleRolePrefix.Length..], out var id))
                vehicle = id;
            else if (role.StartsWith(SessionRolePrefix, StringComparison.Ordinal)
                && ulong.TryParse(role[SessionRolePrefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                epoch = number;
        }

        return vehicle == default ? null : (vehicle, new SessionEpoch(epoch));
    }

    /// <summary>Of the member that listens there.</summary>
    public static Address AddressOf(DnsEndPoint member) => new("akka.tcp", Name, member.Host, member.Port);

    public static NodeAddress ToNodeAddress(this UniqueAddress address) => new(address.Address.ToString(), address.Uid);

    private const string VehicleRolePrefix = "vehicle-";

    private const string SessionRolePrefix = "session-";

    private static string RegionRole(RegionName region) => "region-" + region;

    private static Config MemberConfig(MemberOptions options)
    {
        // Akka lets the first of the list form a cluster when nobody answers for a while. A seed that names itself last only ever
        // joins, or, alone, forms its own at once; the seeds decide who forms a region (FormationRules).
        var seeds = options.Seeds.OrderBy(seed => seed.Host == options.Host && seed.Port == options.Port).Select(seed => $"\"{AddressOf(seed)}\"");
        return ConfigurationFactory.ParseString($$"""
            akka.remote.dot-netty.tcp {
              hostname = "{{options.Bind}}"
              public-hostname = "{{options.Host}}"
              port = {{options.Port}}
              # On, it lets a second program listen on the same port (SO_REUSEPORT), and connections reach either of them.
              # A port in TIME_WAIT is free for a restart without it.
              tcp-reuse-addr = off
            }
            akka.cluster {
              roles = [{{string.Join(", ", options.Roles.Select(role => $"\"{role}\""))}}]
              seed-nodes = [{{string.Join(", ", seeds)}}]
              app-version = "{{Version}}"
            }
            """);
    }
}
