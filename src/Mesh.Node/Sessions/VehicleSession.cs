using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using Grpc.Net.Client;
using Mesh.Hosting;
using Mesh.Hosting.Downing;
using Mesh.Hosting.Logging;
using Mesh.Hosting.Sharding;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Node.Inference;
using Mesh.Node.Units;
using Mesh.Operations;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Sessions;

/// <summary>
/// One parked session: an ActorSystem from join to leave, with a work stream to each seed of the region. Ends when it was
/// downed, sits in the wrong cluster, sees no seed for too long, or is asked to leave. The engine outlives it. Driven by
/// <see cref="VehicleHost"/>, which it tells of its first stream and of its age.
/// </summary>
public sealed partial class VehicleSession : ISeedListener, IArtifactSource, IDisposable
{
    private static readonly TimeSpan LeaveLimit = TimeSpan.FromSeconds(10);

    /// <summary>For what was terminated to end: as long as that may take.</summary>
    private static readonly TimeSpan HandBackLimit = TimeSpan.FromMilliseconds(300);

    private readonly VehicleSettings _settings;
    private readonly IInferenceEngine _engine;
    private readonly UnitWork _units;
    private readonly SessionEpoch _epoch;
    private readonly SessionFacts _facts;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly ActorSystem _system;
    private readonly Cluster _cluster;
    private readonly SessionIdentity _identity;
    private readonly SessionRules _rules;
    private readonly Lock _lock = new();
    private readonly Dictionary<NodeAddress, SeedLink> _links = [];
    private readonly TaskCompletionSource<SessionEnd> _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _ending = new();
    private readonly long _start;
    private volatile bool _draining;

    /// <summary>For operators' commands.</summary>
    public ActorSystem System => _system;

    public VehicleSession(
        VehicleSettings settings,
        Config akka,
        IInferenceEngine engine,
        UnitWork units,
        SessionEpoch epoch,
        SessionFacts facts,
        TimeProvider time,
        ILoggerFactory loggers)
    {
        (_settings, _engine, _units, _epoch, _facts, _time, _loggers) = (settings, engine, units, epoch, facts, time, loggers);
        _logger = loggers.CreateLogger<VehicleSession>();
        _start = time.GetTimestamp();
        Ended = _ending.Token;
        var options = new MemberOptions(
            settings.Host, settings.Bind, settings.Port, MeshSystem.VehicleRoles(settings.Region, settings.Vehicle, epoch), settings.Seeds);
        _system = MeshSystem.Create(options, akka, new LoggingSetup(loggers));
        _cluster = Cluster.Get(_system);
        var downing = MeshDowningProvider.SettingsOf(_system);
        _rules = new SessionRules(downing.VehicleDownAfter, downing.VehicleGrace);
        _identity = new SessionIdentity(
            settings.Vehicle, epoch, settings.Region, _cluster.SelfUniqueAddress.ToNodeAddress(), facts.Place, facts.MemoryBytes)
        {
            DeviceClass = settings.DeviceClass,
            ParkedAt = facts.ParkedAt,
            LeavesAt = () => LeavesAt,
            Consent = facts.Consent,
            Denials = facts.Denials,
            IsHeld = () => facts.Drain.Current is not null,
        };
    }

    /// <summary>It takes no more work.</summary>
    public bool IsDraining => _draining;

    public SessionEpoch Epoch => _epoch;

    public NodeAddress Member => _identity.Member;

    /// <summary>Seeds that have its work stream now.</summary>
    public IReadOnlyList<NodeAddress> Seeds
    {
        get
        {
            lock (_lock)
                return [.. _links.Where(link => link.Value.Stream is not null).Select(link => link.Key)];
        }
    }

    /// <summary>HOST:PORT where operators ask those seeds, as far as they told; bounded by <see cref="OperationsLimits.Referrals"/>.</summary>
    public IReadOnlyList<string> SeedOperators =>
        [.. OpenStreams().Select(stream => stream.SeedOperators).Where(host => host.Length > 0).Distinct(StringComparer.Ordinal).Take(OperationsLimits.Referrals)];

    /// <summary>Cancelled when it has ended.</summary>
    public CancellationToken Ended { get; }

    private TimeSpan Now => _time.GetElapsedTime(_start);

    private IReadOnlyList<NodeAddress> ClusterSeeds =>
    [
        .. _cluster.State.Members.Where(member => member.HasRole(MeshSystem.SeedRole)).Select(member => member.UniqueAddress.ToNodeAddress()),
    ];

    /// <summary>Its first work stream is open. Raised once, on any thread.</summary>
    public event Action? Opened;

    /// <summary>It is older than every seed, which would make it the cluster's coordinator. May be raised again and again.</summary>
    public event Action? Aged;

    /// <summary>When the vehicle leaves, as it announces to its seeds; null = nothing is announced.</summary>
    public DateTimeOffset? LeavesAt { get; private set; }

    /// <summary>Joins, serves, and returns why it ended.</summary>
    public async Task<SessionEnd> RunAsync()
    {
        LogStarted(_settings.Vehicle, _epoch, _identity.Member);
        _ = _system.WhenTerminated.ContinueWith(
            _ => _over.TrySetResult(SessionEnd.Downed), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        var parts = new InferenceActorParts(_settings.Vehicle, _epoch, _engine, this, _time, _facts.Drain, () => _draining || _facts.Drain.Current is not null);
        _ = _system.StartInferenceShardingAsync(_ => Props.Create(() => new InferenceActor(parts)));
        _system.ActorOf(Props.Create(() => new SeedFinder(this)), "seed-finder");
        using var watch = _time.CreateTimer(_ => Judge(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        var end = await _over.Task;
        LogOver(_settings.Vehicle, _epoch, end);
        if (end == SessionEnd.Left)
            await SayGoodbyeAsync();
        await EndAsync(leave: end == SessionEnd.Left);
        return end;
    }

    public async Task<Stream> OpenAsync(ModelReference model, long offset, CancellationToken cancellation)
    {
        List<SeedLink> links;
        lock (_lock)
            links = [.. _links.Values];
        IOException? last = null;
        foreach (var link in links)
        {
            try
            {
                return await link.Artifacts.OpenAsync(model, offset, cancellation);
            }
            catch (IOException e)
            {
                last = e;
            }
        }

        throw last ?? new IOException($"No seed is connected to fetch {model} from.");
    }

    public void Dispose() => _ending.Dispose();

    void ISeedListener.Joined()
    {
        lock (_lock)
            _rules.Joined(Now);
        LogJoined(_settings.Vehicle, _settings.Region, _identity.Member);
    }

    void ISeedListener.SeedFound(SeedInfo info)
    {
        var link = new SeedLink(info.WorkAddress);
        lock (_lock)
        {
            if (_ending.IsCancellationRequested || !_links.TryAdd(info.Seed, link))
            {
                link.Dispose();
                return;
            }
        }

        link.Running = KeepStreamAsync(info, link);
    }

    void ISeedListener.SeedGone(NodeAddress seed)
    {
        SeedLink? link;
        lock (_lock)
            _links.Remove(seed, out link);
        link?.Dispose();
    }

    /// <summary>Dials a seed again and again, until the session or the seed is over.</summary>
    private async Task KeepStreamAsync(SeedInfo info, SeedLink link)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token, link.Gone);
        var backOff = TimeSpan.Zero;
        while (!stop.IsCancellationRequested)
        {
            using var client = new WorkStreamClient(
                _identity, _engine, link.Artifacts, _settings.Credits, () => ClusterSeeds, _time, _loggers.CreateLogger<WorkStreamClient>(), _units);
            var opened = false;
            client.Opened += () =>
            {
                opened = true;
                StreamOpened(info, link, client);
            };
            var end = await client.RunAsync(link.Channel, stop.Token);
            if (opened)
                StreamClosed(info, link);
            if (end == StreamEnd.OtherCluster)
                _over.TrySetResult(SessionEnd.OtherCluster);
            if (client.HasLeft)
                return;
            // At once after a stream that worked, then up to 2 s apart; the jitter keeps a fleet from dialling in step.
            backOff = opened ? TimeSpan.FromMilliseconds(100) : TimeSpan.FromMilliseconds(Math.Min(2000, Math.Max(100, backOff.TotalMilliseconds * 2)));
            await Task.Delay(backOff * (0.5 + Random.Shared.NextDouble() / 2), _time, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void StreamOpened(SeedInfo info, SeedLink link, WorkStreamClient client)
    {
        bool isFirst;
        lock (_lock)
        {
            link.Stream = client;
            isFirst = _rules.StreamOpened(Now);
        }

        if (isFirst)
            Opened?.Invoke();
        if (_draining)
            client.Drain(true);
        LogStreamOpen(_settings.Vehicle, info.Seed, info.WorkAddress);
    }

    private void StreamClosed(SeedInfo info, SeedLink link)
    {
        lock (_lock)
        {
            link.Stream = null;
            _rules.StreamClosed(Now);
        }

        LogStreamClosed(_settings.Vehicle, info.Seed);
    }

    private void Judge()
    {
        lock (_lock)
        {
            if (_rules.Decide(Now) is { } end)
                _over.TrySetResult(end);
        }

        if (IsOlderThanSeeds())
            Aged?.Invoke();
    }

    private bool IsOlderThanSeeds()
    {
        var self = _cluster.SelfMember;
        var seeds = _cluster.State.Members.Where(member => member.HasRole(MeshSystem.SeedRole)).ToList();
        return self.Status == MemberStatus.Up && seeds.Count > 0 && seeds.TrueForAll(seed => self.IsOlderThan(seed));
    }

    /// <summary>Seeds are told that it leaves then; null takes it back.</summary>
    public void Announce(DateTimeOffset? leavesAt)
    {
        LeavesAt = leavesAt;
        FactsChanged();
    }

    /// <summary>What the streams tell about the vehicle, its owner's consent for one, is to be told anew.</summary>
    public void FactsChanged()
    {
        foreach (var stream in OpenStreams())
            stream.StatusChanged();
    }

    /// <summary>Takes no more work, and hands back what has not begun; or takes work again.</summary>
    public void SetDraining(bool draining)
    {
        _draining = draining;
        foreach (var stream in OpenStreams())
            stream.Drain(draining);
        _units.SetDraining(draining || !_facts.Consent().Batch);
        if (draining)
            _engine.HandBackQueued();
    }

    /// <summary>Completes when nothing is queued or running, and the seeds have every result that was kept for them.</summary>
    public async Task WhenDrainedAsync(CancellationToken cancellation)
    {
        await _engine.WhenIdleAsync(cancellation);
        await _units.WhenAcknowledgedAsync(cancellation);
    }

    /// <summary>Says goodbye and leaves the region, finished or not.</summary>
    public void Leave() => _over.TrySetResult(SessionEnd.Left);

    private async Task SayGoodbyeAsync()
    {
        // What was terminated is handed back before the goodbye, which is the streams' last word.
        if (!_draining)
            SetDraining(true);
        using var handBack = new CancellationTokenSource(HandBackLimit, _time);
        await _engine.WhenIdleAsync(handBack.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var (streams, farewell) = (OpenStreams(), _facts.Farewell());
        foreach (var stream in streams)
            stream.Leave("the vehicle leaves", farewell);
        await Task.WhenAny(Task.WhenAll(streams.Select(stream => stream.Over)), Task.Delay(TimeSpan.FromSeconds(1), _time));
    }

    private List<WorkStreamClient> OpenStreams()
    {
        lock (_lock)
            return [.. _links.Values.Select(link => link.Stream).OfType<WorkStreamClient>()];
    }

    private async Task EndAsync(bool leave)
    {
        await _ending.CancelAsync();
        List<SeedLink> links;
        lock (_lock)
        {
            links = [.. _links.Values];
            _links.Clear();
        }

        await Task.WhenAll(links.Select(link => link.Running));
        foreach (var link in links)
            link.Dispose();
        var ended = leave
            ? CoordinatedShutdown.Get(_system).Run(CoordinatedShutdown.ClusterLeavingReason.Instance)
            : _system.Terminate();
        await Task.WhenAny(ended, Task.Delay(LeaveLimit, _time));
        if (!_system.WhenTerminated.IsCompleted)
            await Task.WhenAny(_system.Terminate(), Task.Delay(LeaveLimit, _time));
    }

    /// <summary>What this session has towards one seed.</summary>
    private sealed class SeedLink : IDisposable
    {
        private readonly CancellationTokenSource _gone = new();
        private readonly HttpClient _http;

        public SeedLink(string workAddress)
        {
            var handler = SeedChannel.NewHandler();
            Channel = SeedChannel.Open(workAddress, handler);
            _http = new HttpClient(handler) { BaseAddress = new Uri(workAddress) };
            Artifacts = new HttpArtifactSource(_http);
            Gone = _gone.Token;
        }

        public GrpcChannel Channel { get; }

        public IArtifactSource Artifacts { get; }

        public CancellationToken Gone { get; }

        public Task Running { get; set; } = Task.CompletedTask;

        public WorkStreamClient? Stream { get; set; }

        public void Dispose()
        {
            _gone.Cancel();
            Channel.Dispose();
            _http.Dispose();
        }
    }
}
