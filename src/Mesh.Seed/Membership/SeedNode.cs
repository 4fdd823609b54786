using System.Globalization;
using System.Net;
using Akka;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Tools.Singleton;
using Akka.Configuration;
using Akka.Pattern;
using Mesh.Hosting;
using Mesh.Hosting.Downing;
using Mesh.Hosting.Logging;
using Mesh.Hosting.Operations;
using Mesh.Hosting.Sharding;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Batches;
using Mesh.Seed.Health;
using Mesh.Seed.Routing;
using Mesh.Seed.WorkStreams;

namespace Mesh.Seed.Membership;

/// <summary>What a seed's membership needs to know of its settings.</summary>
/// <param name="WorkAddress">Base URI of work streams and artifacts, as vehicles reach it.</param>
/// <param name="Akka">HOCON of this seed, its journal included.</param>
/// <param name="DrainLimit">On leaving, requests under way have this long to finish.</param>
public sealed record SeedNodeOptions(
    RegionName Region,
    GeoPoint Place,
    string Host,
    IPAddress Bind,
    int Port,
    IReadOnlyList<DnsEndPoint> Seeds,
    string WorkAddress,
    Config Akka,
    RouterSettings Router,
    TimeSpan DrainLimit);

/// <summary>
/// This seed as a cluster member: starts the ActorSystem with its actors before any port listens, and on shutdown drains,
/// ends the work streams and leaves. When the system ends by itself (downed) the process exits for its supervisor.
/// </summary>
public sealed partial class SeedNode(
    SeedNodeOptions options,
    RequestTable table,
    DispatcherFeed feed,
    WorkStreamRegistry streams,
    MonotonicClock clock,
    RouterReadiness readiness,
    RouterMetrics metrics,
    IBatchWork batches,
    JournalWatch journal,
    IHostApplicationLifetime lifetime,
    ILoggerFactory loggers) : IHostedLifecycleService, IClusterMember
{
    private readonly ILogger _logger = loggers.CreateLogger<SeedNode>();
    private ActorSystem? _system;
    private Cluster? _cluster;
    private volatile bool _leaving;
    private volatile bool _stopping;

    public RegionName Region => options.Region;

    /// <summary>Of the running member; for callers inside the process (operators' commands, tests).</summary>
    public ActorSystem System => _system ?? throw new InvalidOperationException("The seed has not started.");

    /// <summary>This very life of this seed.</summary>
    public NodeAddress Self => Cluster.Get(System).SelfUniqueAddress.ToNodeAddress();

    ActorSystem? IClusterMember.System => _system;

    string IClusterMember.Absence => "the seed is starting";

    /// <summary>The shard region of vehicles' inference actors.</summary>
    public IActorRef InferenceActors { get; private set; } = ActorRefs.Nobody;

    public IActorRef JobRouter { get; private set; } = ActorRefs.Nobody;

    public IActorRef Dispatcher { get; private set; } = ActorRefs.Nobody;

    public bool IsLeaving => _leaving;

    /// <summary>Null before the seed has started.</summary>
    public ClusterEvent.CurrentClusterState? State => _cluster?.State;

    public MemberStatus Status => _cluster?.SelfMember.Status ?? MemberStatus.Joining;

    /// <summary>The seeds of its cluster; empty until it is a member itself.</summary>
    public IReadOnlyList<NodeAddress> Seeds
    {
        get
        {
            if (_cluster is null || Status is not (MemberStatus.Up or MemberStatus.WeaklyUp))
                return [];
            return
            [
                .. _cluster.State.Members
                    .Where(member => member.HasRole(MeshSystem.SeedRole) && member.Status is not (MemberStatus.Down or MemberStatus.Removed))
                    .Select(member => member.UniqueAddress.ToNodeAddress()),
            ];
        }
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var member = new MemberOptions(options.Host, options.Bind, options.Port, MeshSystem.SeedRoles(options.Region), options.Seeds);
        _system = MeshSystem.Create(member, DrainPhase.WithFallback(options.Akka), new LoggingSetup(loggers));
        _cluster = Cluster.Get(_system);
        var shutdown = CoordinatedShutdown.Get(_system);
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "drain-requests", () => DrainAsync(shutdown));
        _ = _system.WhenTerminated.ContinueWith(_ => Ended(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        _system.ActorOf(Props.Create(() => new JournalWarmUp(options.Region)), "journal-warm-up");
        StartJobRouter(_system, _cluster);
        var info = new SeedInfo(options.Region, _cluster.SelfUniqueAddress.ToNodeAddress(), options.WorkAddress, RegionMembership.Unknown);
        _system.ActorOf(Props.Create(() => new SeedInfoActor(info)), SeedInfoActor.Name);
        var downing = MeshDowningProvider.SettingsOf(_system);
        StartFormation(_system, downing);
        _system.ActorOf(Props.Create(() => new SeedPeers(streams, downing, clock.Provider)), SeedPeers.Name);
        var parts = new DispatcherParts(
            options.Router, options.Place, clock, new Random(), table, feed, streams, new FleetTallies(info.Seed), JobRouter, readiness, metrics);
        Dispatcher = _system.ActorOf(Props.Create(() => new Dispatcher(parts)), "dispatcher");
        InferenceActors = await _system.StartInferenceShardingAsync(entity: null);
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        (_stopping, _leaving) = (true, true);
        if (_system is null)
            return;
        try
        {
            // The phases' own limits add up to more than whoever stops the process may wait for.
            await CoordinatedShutdown.Get(_system).Run(CoordinatedShutdown.ClusterLeavingReason.Instance).WaitAsync(cancellationToken);
            LogLeft();
        }
        catch (OperationCanceledException)
        {
            LogNotLeft();
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The shutdown goes on without a drain that takes longer.</summary>
    private Config DrainPhase => ConfigurationFactory.ParseString(string.Create(
        CultureInfo.InvariantCulture,
        $"akka.coordinated-shutdown.phases.before-service-unbind.timeout = {(options.DrainLimit + TimeSpan.FromSeconds(5)).TotalMilliseconds} ms"));

    /// <summary>Alone it has formed its region already.</summary>
    private void StartFormation(ActorSystem system, DowningSettings downing)
    {
        var others = options.Seeds.Where(seed => !IsThis(seed)).ToList();
        if (others.Count == 0)
            return;
        var (isFirst, patience) = (IsThis(options.Seeds[0]), FormationRules.PatienceOf(downing));
        Func<FormationRules> rules = () => new(options.Region, isFirst, options.Seeds.Count, patience);
        system.ActorOf(Props.Create(() => new RegionFormation(others, rules, clock.Provider)), RegionFormation.Name);

        bool IsThis(DnsEndPoint seed) => seed.Host == options.Host && seed.Port == options.Port;
    }

    private void StartJobRouter(ActorSystem system, Cluster cluster)
    {
        var self = cluster.SelfUniqueAddress.ToNodeAddress();
        var parts = new JobRouterParts(options.Region, self, options.Place, options.Router, clock, new Random(), feed.Facts, batches) { Journal = journal };
        var router = Props.Create(() => new JobRouter(parts));
        // A journal that fails stops the router; it tries again from recovery, in a new term.
        var supervised = BackoffSupervisor.Props(
            Backoff.OnStop(router, "router", TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), 0.2, maxNrOfRetries: -1));
        system.ActorOf(
            ClusterSingletonManager.Props(
                supervised, PoisonPill.Instance, ClusterSingletonManagerSettings.Create(system).WithRole(MeshSystem.SeedRole)),
            "job-router");
        JobRouter = system.ActorOf(
            ClusterSingletonProxy.Props("/user/job-router", ClusterSingletonProxySettings.Create(system).WithRole(MeshSystem.SeedRole)),
            "job-router-proxy");
    }

    /// <summary>Before anything of the member ends, whoever asked it to leave; one that was downed has nobody to answer to.</summary>
    private async Task<Done> DrainAsync(CoordinatedShutdown shutdown)
    {
        if (shutdown.ShutdownReason is not CoordinatedShutdown.ClusterDowningReason)
        {
            _leaving = true;
            LogLeaving(table.Count);
            table.Leave();
            await table.WhenEmptyAsync(options.DrainLimit, clock.Provider);
            streams.Close();
        }

        return Done.Instance;
    }

    private void Ended()
    {
        if (_stopping)
            return;
        // An operator who lets it leave does not want it back at once; whatever else ended it is for its supervisor to mend.
        var reason = _system is { } system ? CoordinatedShutdown.Get(system).ShutdownReason : null;
        if (reason is CoordinatedShutdown.ClusterLeavingReason)
        {
            LogLeft();
        }
        else
        {
            if (reason is CoordinatedShutdown.ClusterJoinUnsuccessfulReason)
                LogNotJoined();
            else
                LogDowned();
            Environment.ExitCode = ExitCodes.RestartMe;
        }

        lifetime.StopApplication();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Leaving the region: {Requests} requests under way may finish")]
    private partial void LogLeaving(int requests);

    [LoggerMessage(Level = LogLevel.Information, Message = "Left the region")]
    private partial void LogLeft();

    [LoggerMessage(Level = LogLevel.Warning, Message = "Leaving the region took too long: this seed ends, and the others will find out")]
    private partial void LogNotLeft();

    [LoggerMessage(Level = LogLevel.Critical, Message = "This seed did not get into its region in time: exiting for its supervisor to start it again")]
    private partial void LogNotJoined();

    [LoggerMessage(Level = LogLevel.Critical, Message = "This seed's cluster membership ended without its doing (it was downed): exiting for its supervisor to start it again")]
    private partial void LogDowned();
}
