using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Mesh.Messages;
using Mesh.Messages.Work;
using Mesh.Node.Inference;
using Mesh.Node.Policy;
using Mesh.Node.Units;
using Mesh.Operations;
using Microsoft.Extensions.Logging;
using OwnerConsent = Mesh.Messages.OwnerConsent;

namespace Mesh.Node.Sessions;

/// <summary>
/// One work stream from this vehicle to one seed: feeds the engine straight, answers in frames that gather what is ready,
/// grants credits and answers 'busy' beyond them. Batches' units go to <see cref="UnitWork"/>, which outlives it.
/// Lives for one connection; its jobs are cancelled when it ends.
/// </summary>
public sealed partial class WorkStreamClient(
    SessionIdentity identity,
    IInferenceEngine engine,
    IArtifactSource artifacts,
    int credits,
    Func<IReadOnlyList<NodeAddress>> clusterSeeds,
    TimeProvider time,
    ILogger<WorkStreamClient> logger,
    UnitWork? units = null) : IDisposable
{
    /// <summary>A seed pings about three times a second: after this silence it is gone.</summary>
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(3);

    private readonly Channel<object> _outgoing = Channel.CreateBounded<object>(
        new BoundedChannelOptions(4096) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly ConcurrentDictionary<ulong, InferenceJob> _jobs = new();
    private readonly Dictionary<uint, ModelReference> _models = [];
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private UnitPort? _unitPort;
    private Goodbye? _goodbye;
    private ImmutableArray<Denial>? _told;
    private volatile bool _draining;
    private volatile bool _left;
    private long _heard;

    /// <summary>Raised once the seed has said hello.</summary>
    public event Action? Opened;

    /// <summary>
    /// Completes when the stream has ended. The seed ends it once it has read a goodbye: whoever cancels it earlier, written
    /// or not, resets the stream, and a reset overtakes what the seed has not read yet.
    /// </summary>
    public Task Over => _over.Task;

    /// <summary>HOST:PORT where operators ask this seed, as its hello said; empty = it did not.</summary>
    public string SeedOperators { get; private set; } = "";

    /// <summary>Its goodbye was said: the stream is not to be opened again.</summary>
    public bool HasLeft => _left;

    /// <summary>Takes no more work, or takes it again; the seed sees it with the next frame.</summary>
    public void Drain(bool draining = true)
    {
        _draining = draining;
        StatusChanged();
    }

    /// <summary>Says goodbye after everything that is queued, and ends the stream.</summary>
    /// <param name="farewell">Null = there is no more to tell.</param>
    public void Leave(string reason, Farewell? farewell = null)
    {
        _left = true;
        _outgoing.Writer.TryWrite(farewell?.ToGoodbye(reason) ?? new Goodbye { Reason = reason });
        _outgoing.Writer.TryComplete();
    }

    public void Dispose() => _ended.Dispose();

    /// <summary>Runs until the stream ends. Never throws for what the network does.</summary>
    public async Task<StreamEnd> RunAsync(GrpcChannel channel, CancellationToken cancellation)
    {
        using var registration = cancellation.UnsafeRegister(static ended => ((CancellationTokenSource)ended!).Cancel(), _ended);
        Beat();
        engine.StatusChanged += StatusChanged;
        try
        {
            using var call = new WorkStream.WorkStreamClient(channel).Open(cancellationToken: _ended.Token);
            await call.RequestStream.WriteAsync(new VehicleFrame { Hello = Hello() }, _ended.Token);
            if (!await call.ResponseStream.MoveNext(_ended.Token) || call.ResponseStream.Current.Hello is not { } hello)
                return StreamEnd.Broken;
            if (!IsOurCluster(hello))
                return StreamEnd.OtherCluster;
            SeedOperators = hello.Operators.Length <= OperationsLimits.HostLength ? hello.Operators : "";
            _unitPort = units is null ? null : new UnitPort(artifacts, () => Send(UnitsDue.Instance));
            Opened?.Invoke();
            var watching = WatchSilenceAsync();
            var writing = WriteAsync(call.RequestStream);
            await ReadAsync(call.ResponseStream);
            await _ended.CancelAsync();
            await Task.WhenAll(Quietly(writing), Quietly(watching));
        }
        catch (Exception e) when (e is RpcException or IOException or OperationCanceledException or InvalidOperationException or HttpRequestException)
        {
            if (!cancellation.IsCancellationRequested)
                LogBroke(channel.Target, e is RpcException rpc ? $"{rpc.StatusCode}: {rpc.Status.Detail}" : e.Message);
        }
        finally
        {
            engine.StatusChanged -= StatusChanged;
            await _ended.CancelAsync();
            _over.TrySetResult();
            foreach (var job in _jobs.Values)
                job.Cancel();
            if (_unitPort is not null)
                units!.Detach(_unitPort);
        }

        return StreamEnd.Broken;
    }

    private bool IsOurCluster(SeedHello hello)
    {
        var ours = clusterSeeds();
        return hello.Seeds.Any(seed => ours.Contains(new NodeAddress(seed.Address, seed.Uid)));
    }

    private VehicleHello Hello() => new()
    {
        VehicleId = identity.Vehicle.Value,
        Epoch = identity.Epoch.Value,
        Region = identity.Region.Value,
        Address = identity.Member.Address,
        AddressUid = identity.Member.Uid,
        Latitude = identity.Place.Latitude,
        Longitude = identity.Place.Longitude,
        MemoryBytes = (ulong)identity.MemoryBytes,
        DeviceClass = identity.DeviceClass,
        ParkedS = identity.ParkedAt is { } parked ? (ulong)Math.Max(0, (time.GetUtcNow() - parked).TotalSeconds) : 0,
        Protocol = WorkProtocol.Version,
        Status = Status(),
    };

    private VehicleStatus Status()
    {
        var status = engine.Status;
        return new VehicleStatus
        {
            Credits = (uint)credits,
            Threads = (uint)status.Threads,
            Queued = (uint)status.Queued,
            Draining = _draining,
            Held = identity.IsHeld(),
            Consent = ToWire(identity.Consent()),
            Denials = DenialsIfNew(),
            // At least 1: 0 says that nothing is announced.
            LeavesInMs = identity.LeavesAt() is { } leaves ? (ulong)Math.Max(1, (leaves - time.GetUtcNow()).TotalMilliseconds) : 0,
            Loaded = { status.Loaded.Select(hash => new Messages.Work.LoadedModel { Sha256 = ByteString.CopyFrom(hash.ToBytes()) }) },
        };
    }

    /// <summary>Null where the seed has been told of them on this stream. Called by one writer at a time: the hello's, then the frames'.</summary>
    private PolicyDenials? DenialsIfNew()
    {
        var denials = identity.Denials();
        if (_told is { } told && RuleTelling.IsSame(told, denials))
            return null;
        _told = denials;
        return RuleTelling.ToWire(denials);
    }

    private static Messages.Work.OwnerConsent ToWire(OwnerConsent consent)
    {
        var wire = new Messages.Work.OwnerConsent { Interactive = consent.Interactive, Batch = consent.Batch, AnyModel = consent.Models is null };
        if (consent.Models is { } models)
        {
            wire.Models.AddRange(models.Names);
            wire.Publishers.AddRange(models.Publishers);
        }

        return wire;
    }

    /// <summary>What the vehicle tells about itself has changed: the seed sees it with the next frame.</summary>
    public void StatusChanged() => Send(StatusDue.Instance);

    private async Task WatchSilenceAsync()
    {
        using var timer = new PeriodicTimer(SilenceLimit / 3, time);
        while (await timer.WaitForNextTickAsync(_ended.Token))
        {
            if (time.GetElapsedTime(Volatile.Read(ref _heard)) > SilenceLimit)
                await _ended.CancelAsync();
        }
    }

    private void Beat() => Volatile.Write(ref _heard, time.GetTimestamp());

    private static async Task Quietly(Task task)
    {
        try
        {
            await task;
        }
        catch (Exception e) when (e is RpcException or IOException or OperationCanceledException or InvalidOperationException)
        {
            // The stream is over; its reader has said why.
        }
    }
}
