using Akka.Actor;
using Akka.Cluster;

namespace Mesh.Hosting.Downing;

/// <summary>
/// Named in the configuration of every member. Seeds run <see cref="DowningActor"/>; vehicles down nobody: one that sees
/// no seed ends its own session (see VehicleSession).
/// </summary>
public sealed class MeshDowningProvider(ActorSystem system, Cluster cluster) : IDowningProvider
{
    private readonly DowningSettings _settings = SettingsOf(system);

    /// <summary>
    /// Singletons move at once: a seed is downed only after <see cref="DowningSettings.SeedDownAfter"/>, by which time a
    /// seed on the other side of a partition, being a minority, has downed itself. One that was downed for being mute lives: it learns of
    /// it by gossip within a second or so, or else by silence; meanwhile the job router's term fences it.
    /// </summary>
    public TimeSpan DownRemovalMargin => TimeSpan.Zero;

    public Props? DowningActorProps =>
        cluster.SelfRoles.Contains(MeshSystem.SeedRole)
            ? Props.Create(() => new DowningActor(cluster, _settings))
            : null;

    /// <summary>From <c>akka.cluster.mesh-downing</c>.</summary>
    public static DowningSettings SettingsOf(ActorSystem system)
    {
        var config = system.Settings.Config.GetConfig("akka.cluster.mesh-downing");
        var defaults = new DowningSettings();
        return config is null
            ? defaults
            : new DowningSettings
            {
                ReportInterval = config.GetTimeSpan("report-interval", defaults.ReportInterval),
                SeedUnreachableAfter = config.GetTimeSpan("seed-unreachable-after", defaults.SeedUnreachableAfter),
                SeedDownAfter = config.GetTimeSpan("seed-down-after", defaults.SeedDownAfter),
                VehicleDownAfter = config.GetTimeSpan("vehicle-down-after", defaults.VehicleDownAfter),
                VehicleGrace = config.GetTimeSpan("vehicle-grace", defaults.VehicleGrace),
                MuteDownAfter = config.GetTimeSpan("mute-down-after", defaults.MuteDownAfter),
            };
    }
}
