using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Configuration;
using Akka.Remote;
using Mesh.Hosting;
using Mesh.Hosting.Downing;
using Mesh.Hosting.Settings;
using Mesh.Messages.Control;
using Mesh.Messages.Serialization;

namespace Mesh.State.Tests.Hosting;

/// <summary>What stands in hocon/ is what a member really runs with: no value there is misspelt, overridden or unread.</summary>
public sealed class ShippedConfigurationTests(SeedSystem seed, VehicleSystem vehicle) : IClassFixture<SeedSystem>, IClassFixture<VehicleSystem>
{
    [Fact]
    public void A_seed_watches_every_member_with_short_pauses()
    {
        var settings = Cluster.Get(seed.System).Settings;
        Assert.Equal(200, settings.MonitoredByNrOfMembers);
        var detector = settings.FailureDetectorConfig;
        Assert.Equal(10, detector.GetDouble("threshold"));
        Assert.Equal(TimeSpan.FromSeconds(4), detector.GetTimeSpan("acceptable-heartbeat-pause"));
        Assert.Equal(TimeSpan.FromSeconds(1), settings.HeartbeatInterval);
        Assert.Equal(TimeSpan.FromSeconds(1), RemoteSettingsOf(seed.System).RetryGateClosedFor);
        Assert.Equal((TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2)), (settings.SeedNodeTimeout, settings.RetryUnsuccessfulJoinAfter));
    }

    [Fact]
    public void An_idle_vehicle_costs_little()
    {
        var settings = Cluster.Get(vehicle.System).Settings;
        Assert.Equal(3, settings.MonitoredByNrOfMembers);
        Assert.Equal((TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1)), (settings.GossipInterval, settings.LeaderActionsInterval));
        Assert.Equal((TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(3)), (settings.HeartbeatInterval, settings.HeartbeatExpectedResponseAfter));
        Assert.Equal(12, settings.FailureDetectorConfig.GetDouble("threshold"));
        Assert.Equal(TimeSpan.FromSeconds(12), settings.FailureDetectorConfig.GetTimeSpan("acceptable-heartbeat-pause"));
        Assert.Equal(TimeSpan.FromSeconds(2), settings.SeedNodeTimeout);
        Assert.Equal(TimeSpan.FromSeconds(2), settings.RetryUnsuccessfulJoinAfter);
        Assert.Equal(TimeSpan.FromMilliseconds(100), vehicle.System.Settings.Config.GetTimeSpan("akka.scheduler.tick-duration"));
        Assert.Equal(TimeSpan.FromSeconds(1), RemoteSettingsOf(vehicle.System).RetryGateClosedFor);
    }

    [Fact]
    public void Both_down_by_the_rules_of_the_mesh()
    {
        foreach (var system in Systems)
        {
            Assert.IsType<MeshDowningProvider>(Cluster.Get(system).DowningProvider);
            // The shipped values are the defaults of the code, so that a file without them changes nothing.
            Assert.Equal(new DowningSettings(), MeshDowningProvider.SettingsOf(system));
        }

        Assert.NotNull(Cluster.Get(seed.System).DowningProvider.DowningActorProps);
        Assert.Null(Cluster.Get(vehicle.System).DowningProvider.DowningActorProps);
    }

    [Fact]
    public void Every_downing_value_of_the_file_is_read()
    {
        var section = MemberSystems.Shipped("seed.conf").GetConfig("akka.cluster.mesh-downing");
        var names = section.AsEnumerable().Select(pair => pair.Key).ToList();
        Assert.Equal(typeof(DowningSettings).GetProperties().Length, names.Count);
        foreach (var name in names)
        {
            using var system = ActorSystem.Create("knob", ConfigurationFactory.ParseString($"akka.cluster.mesh-downing.{name} = 77s"));
            Assert.NotEqual(new DowningSettings(), MeshDowningProvider.SettingsOf(system));
        }
    }

    [Fact]
    public void Both_shard_in_memory_only_and_never_passivate()
    {
        foreach (var system in Systems)
        {
            var sharding = ClusterShardingSettings.Create(system);
            Assert.Equal((MeshSystem.MeshRole, StateStoreMode.DData, false), (sharding.Role, sharding.StateStoreMode, sharding.RememberEntities));
            Assert.Equal(TimeSpan.Zero, sharding.PassivateIdleEntityAfter);
            Assert.Equal(TimeSpan.FromSeconds(10), sharding.TuningParameters.HandOffTimeout);
            Assert.Empty(system.Settings.Config.GetStringList("akka.cluster.sharding.distributed-data.durable.keys"));
        }
    }

    [Fact]
    public void Both_serialize_strictly()
    {
        foreach (var system in Systems)
        {
            Assert.False(system.Settings.Config.GetBoolean("akka.actor.serialization-settings.allow-unregistered-types"));
            Assert.StartsWith(
                typeof(RejectingJsonSerializer).FullName!, system.Settings.Config.GetString("akka.actor.serializers.json"), StringComparison.Ordinal);
            Assert.IsType<MeshSerializer>(system.Serialization.FindSerializerForType(typeof(IMeshMessage)));
        }
    }

    [Fact]
    public void Neither_ends_its_process_by_itself()
    {
        foreach (var system in Systems)
        {
            Assert.False(system.Settings.Config.GetBoolean("akka.coordinated-shutdown.exit-clr"));
            Assert.False(system.Settings.Config.GetBoolean("akka.coordinated-shutdown.run-by-clr-shutdown-hook"));
            Assert.True(Cluster.Get(system).Settings.RunCoordinatedShutdownWhenDown);
        }

        var exiting = CoordinatedShutdown.Get(seed.System).Timeout(CoordinatedShutdown.PhaseClusterExiting);
        Assert.Equal(TimeSpan.FromSeconds(10), exiting);
    }

    /// <summary>A misspelt key would be silently without effect.</summary>
    [Theory]
    [InlineData("seed.conf")]
    [InlineData("vehicle.conf")]
    public void Every_akka_key_of_the_file_is_one_that_akka_has(string file)
    {
        using var plain = ActorSystem.Create("plain", "akka.actor.provider = cluster, akka.remote.dot-netty.tcp.port = 0");
        Cluster.Get(plain);
        var known = plain.Settings.Config
            .WithFallback(ClusterSharding.DefaultConfig())
            .WithFallback(Akka.DistributedData.DistributedData.DefaultConfig());
        var keys = Leaves("akka", MemberSystems.Shipped(file).GetConfig("akka")).ToList();
        Assert.NotEmpty(keys);
        Assert.All(
            keys.Where(key => !key.StartsWith("akka.cluster.mesh-downing.", StringComparison.Ordinal)),
            key => Assert.True(known.HasPath(key), $"{key} in {file} is no setting of Akka"));
    }

    /// <summary>What the files set must win over Akka's defaults in the member's effective configuration.</summary>
    [Fact]
    public void Every_akka_value_of_the_file_is_effective()
    {
        foreach (var (file, system) in new[] { ("seed.conf", seed.System), ("vehicle.conf", vehicle.System) })
        {
            var shipped = MemberSystems.Shipped(file);
            foreach (var key in Leaves("akka", shipped.GetConfig("akka")))
                Assert.Equal((key, shipped.GetString(key)), (key, system.Settings.Config.GetString(key)));
        }
    }

    [Fact]
    public void The_programs_read_the_copies_beside_them()
    {
        Assert.Equal("1s", SettingsHelp.ReadHocon("seed.conf").GetString("akka.cluster.mesh-downing.report-interval"));
        Assert.Equal("2s", SettingsHelp.ReadHocon("vehicle.conf").GetString("akka.cluster.gossip-interval"));
        Assert.True(SettingsHelp.ReadHocon("no-such.conf").IsEmpty);
    }

    [Fact]
    public void Roles_name_the_session_and_are_read_back()
    {
        Assert.Equal(["mesh", "region-test", "seed"], Cluster.Get(seed.System).SelfRoles.Order(StringComparer.Ordinal));
        Assert.Equal(
            ["mesh", "region-test", "session-7", "vehicle", "vehicle-V-1"], Cluster.Get(vehicle.System).SelfRoles.Order(StringComparer.Ordinal));
    }

    private ActorSystem[] Systems => [seed.System, vehicle.System];

    private static RemoteSettings RemoteSettingsOf(ActorSystem system) => new(system.Settings.Config);

    private static IEnumerable<string> Leaves(string path, Config config) =>
        config.AsEnumerable().SelectMany(pair => pair.Value.IsObject()
            ? Leaves($"{path}.{pair.Key}", config.GetConfig(pair.Key))
            : [$"{path}.{pair.Key}"]);
}
