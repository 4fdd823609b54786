namespace Mesh.Hosting.Settings;

/// <summary>A key under <c>akka</c> that an operator may tune in <c>hocon/</c>; it has no option on the command line.</summary>
/// <param name="Needs">What it is for, and what a value must be.</param>
public sealed record AkkaKey(string Path, string Needs)
{
    /// <summary>Every one that a seed's or a vehicle's file sets; values stand there.</summary>
    public static IReadOnlyList<AkkaKey> All { get; } =
    [
        new("akka.scheduler.tick-duration", "resolution of the timers: a duration of 10ms or more"),
        new("akka.remote.retry-gate-closed-for", "after a failed connection the peer is not dialled for this long: a duration above 0s"),
        new("akka.cluster.seed-node-timeout", "how long a seed may take to answer before the next one is asked: a duration above 0s"),
        new("akka.cluster.retry-unsuccessful-join-after", "a join without an answer is tried again after this: a duration above 0s"),
        new("akka.cluster.gossip-interval", "news of the membership are spread once in this: a duration above 0s"),
        new("akka.cluster.leader-actions-interval", "members are admitted and forgotten once in this: a duration above 0s"),
        new("akka.cluster.failure-detector.threshold", "suspicion (phi) at which a member is unreachable: a number above 0"),
        new("akka.cluster.failure-detector.acceptable-heartbeat-pause", "heartbeats may be missing for this long: a duration above 0s"),
        new("akka.cluster.failure-detector.heartbeat-interval", "heartbeats are sent once in this: a duration above 0s"),
        new("akka.cluster.failure-detector.expected-response-after", "the first heartbeat is awaited for this long: a duration above 0s"),
        new("akka.cluster.failure-detector.monitored-by-nr-of-members", "members that each member watches: a number of 1 or more"),
        new("akka.cluster.mesh-downing.report-interval", "seeds report to each other once in this: a duration above 0s"),
        new("akka.cluster.mesh-downing.seed-unreachable-after", "a seed unheard of for this long is unreachable: a duration above report-interval"),
        new("akka.cluster.mesh-downing.seed-down-after", "an unreachable seed is downed after this, and a minority downs itself: a duration above 0s"),
        new("akka.cluster.mesh-downing.vehicle-down-after", "a vehicle without a work stream is downed after this: a duration above 0s"),
        new("akka.cluster.mesh-downing.mute-down-after", "a member that lives is downed when it and another have not reached each other for this long: a duration above 0s"),
        new("akka.cluster.mesh-downing.vehicle-grace", "a vehicle that joined may take this long to its first work stream: a duration above 0s"),
        new("akka.cluster.sharding.handoff-timeout", "a shard's hand-over may take this long: a duration above 0s"),
        new("akka.cluster.distributed-data.gossip-interval", "news of the shards' places are spread once in this: a duration above 0s"),
        new("akka.coordinated-shutdown.phases.cluster-exiting.timeout", "on leaving, singletons may take this long to move: a duration above 0s"),
    ];
}
