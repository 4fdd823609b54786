using System.Collections.Concurrent;
using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Mesh.Messages;
using Mesh.Messages.Work;
using Mesh.Node.Inference;
using Mesh.Node.Units;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Sessions;

/// <summary>What a vehicle says of itself in the hello of each stream.</summary>
/// <param name="MemoryBytes">What inference may use.</param>
public sealed record SessionIdentity(VehicleId Vehicle, SessionEpoch Epoch, RegionName Region, NodeAddress Member, GeoPoint Place, long MemoryBytes)
{
    /// <summary>Names the hardware; empty = not told.</summary>
    public string DeviceClass { get; init; } = "";

    /// <summary>Since when the car is parked and plugged in; null = not told.</summary>
    public DateTimeOffset? ParkedAt { get; init; }

    /// <summary>When it will leave; null while nobody announced that.</summary>
    public Func<DateTimeOffset?> LeavesAt { get; init; } = () => null;
}

/// <summary>How a stream ended, for its session to act on.</summary>
public enum StreamEnd
{
    /// <summary>Broken or refused for now: dial again.</summary>
    Broken,

    /// <summary>The seed is of another cluster.</summary>
    OtherCluster,
}

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
    /// <summary>Pings come twice a second: after this silence the seed is gone.</summary>
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(3);

    private readonly Channel<object> _outgoing = Channel.CreateBounded<object>(
        new BoundedChannelOptions(4096) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly ConcurrentDictionary<ulong, InferenceJob> _jobs = new();
    private readonly Dictionary<uint, ModelReference> _models = [];
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private UnitPort? _unitPort;
    private Goodbye? _goodbye;
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

    /// <summary>Its goodbye was said: the stream is not to be opened again.</summary>
    public bool HasLeft => _left;

    /// <summary>Takes no more work, or takes it again; the seed sees it with the next frame.</summary>
    public void Drain(bool draining = true)
    {
        _draining = draining;
        StatusChanged();
    }

    /// <summary>Says goodbye after everything that is queued, and ends the stream.</summary>
    public void Leave(string reason)
    {
        _left = true;
        _outgoing.Writer.TryWrite(new Goodbye { Reason = reason });
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
            // At least 1: 0 says that nothing is announced.
            LeavesInMs = identity.LeavesAt() is { } leaves ? (ulong)Math.Max(1, (leaves - time.GetUtcNow()).TotalMilliseconds) : 0,
            Loaded = { status.Loaded.Select(hash => new Messages.Work.LoadedModel { Sha256 = ByteString.CopyFrom(hash.ToBytes()) }) },
        };
    }

    private void StatusChanged() => Send(StatusDue.Instance);

    private async Task ReadAsync(IAsyncStreamReader<SeedFrame> frames)
    {
        while (await frames.MoveNext(_ended.Token))
        {
            var frame = frames.Current;
            Beat();
            foreach (var model in frame.Models)
                _models[model.Handle] = ToReference(model);
            foreach (var request in frame.Requests)
                Take(request);
            foreach (var cancelled in frame.Cancels)
            {
                if (_jobs.TryGetValue(cancelled, out var job))
                    job.Cancel();
            }

            foreach (var handle in frame.Loads)
                Warm(handle);
            if (frame.Term != 0 || frame.UnitLines.Count > 0 || frame.UnitAcks.Count > 0 || frame.UnitCancels.Count > 0)
                TakeUnits(frame);
            if (frame.Ping != 0)
            {
                Send(new Pong(frame.Ping));
                // Its queue changes all the time; with the pong the seed learns of other seeds' requests in it.
                StatusChanged();
            }
        }
    }

    private static ModelReference ToReference(ModelAnnouncement model) =>
        new(model.Name, model.Version, ArtifactHash.FromBytes(model.Sha256.Span), (long)model.Size)
        {
            Batching = model.Batching is not { MaxBatchSize: > 1 } batching ? null : new RunSharing(
                (int)Math.Min(batching.MaxBatchSize, int.MaxValue),
                TimeSpan.FromMicroseconds(Math.Min(batching.MaxQueueDelayUs, int.MaxValue))),
        };

    /// <summary>A cancel comes after the lines of its unit that share its frame.</summary>
    private void TakeUnits(SeedFrame frame)
    {
        if (_unitPort is not { } stream)
        {
            foreach (var lines in frame.UnitLines)
                Send(new UnitNotice { Unit = lines.Unit, State = UnitState.UnitRefused, Reason = "this vehicle takes no work units" });
            return;
        }

        if (frame.Term != 0)
            units!.Announce(stream, frame.Term);
        foreach (var ack in frame.UnitAcks)
            units!.Acknowledge(ack);
        foreach (var lines in frame.UnitLines)
            units!.Take(stream, lines, _models.GetValueOrDefault(lines.Model));
        foreach (var unit in frame.UnitCancels)
            units!.Cancel(unit);
    }

    private void Take(WorkRequest request)
    {
        if (_draining)
            Refuse(request.Attempt, AttemptStatus.AttemptHandedBack, "the vehicle is leaving");
        else if (_jobs.Count >= credits)
            Refuse(request.Attempt, AttemptStatus.AttemptBusy, $"the stream has its {credits} requests outstanding");
        else if (!_models.TryGetValue(request.Model, out var model))
            Refuse(request.Attempt, AttemptStatus.AttemptFailed, $"the seed announced no model with handle {request.Model}");
        else
            Submit(request, model);
    }

    private void Submit(WorkRequest request, ModelReference model)
    {
        var outputs = new int[request.Outputs.Count];
        for (var i = 0; i < outputs.Length; i++)
            outputs[i] = (int)request.Outputs[i];
        var budget = TimeSpan.FromMicroseconds(Math.Min(request.BudgetUs, int.MaxValue * 1000.0));
        var attempt = request.Attempt;
        var job = new InferenceJob(
            model, request.Inputs.FromWire(), outputs, budget, request.Priority, artifacts, result => Answer(attempt, result));
        _jobs[attempt] = job;
        engine.Submit(job);
    }

    private void Answer(ulong attempt, InferenceJobResult result)
    {
        _jobs.TryRemove(attempt, out _);
        var message = new WorkResult
        {
            Attempt = attempt,
            Status = (AttemptStatus)result.Outcome,
            Error = result.Error,
            QueueUs = (ulong)result.Timings.Queue.TotalMicroseconds,
            LoadUs = (ulong)result.Timings.Load.TotalMicroseconds,
            InferUs = (ulong)result.Timings.Infer.TotalMicroseconds,
            CpuUs = (ulong)result.Timings.Cpu.TotalMicroseconds,
            EnergyUj = (ulong)result.Timings.EnergyUj,
        };
        foreach (var tensor in result.Outputs)
            message.Outputs.Add(tensor.ToWire());
        Send(message);
    }

    private void Refuse(ulong attempt, AttemptStatus status, string why) =>
        Send(new WorkResult { Attempt = attempt, Status = status, Error = why });

    private void Warm(uint handle)
    {
        if (_draining || !_models.TryGetValue(handle, out var model))
            return;
        // Told to the seed by the status when it is loaded; a failure shows with the first request, with its reason.
        _ = engine.LoadAsync(model, artifacts).ContinueWith(
            failed => LogWarmFailed(model, failed.Exception!.GetBaseException().Message),
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted,
            TaskScheduler.Default);
    }

    private void Send(object item)
    {
        if (!_outgoing.Writer.TryWrite(item) && !_draining)
            End(); // Full: the seed reads nothing, the stream is as good as gone.
    }

    private void End()
    {
        try
        {
            _ended.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // A job's answer came after the stream was over.
        }
    }

    private async Task WriteAsync(IClientStreamWriter<VehicleFrame> stream)
    {
        var reader = _outgoing.Reader;
        while (_unitPort is { HasAny: true } || await reader.WaitToReadAsync(_ended.Token))
        {
            var frame = new VehicleFrame();
            var (items, bytes) = (0, 0);
            while (items < WorkProtocol.MaxItemsPerFrame && bytes < WorkProtocol.MaxFrameBytes && reader.TryRead(out var item))
            {
                items++;
                bytes += Add(frame, item);
            }

            if (bytes < WorkProtocol.MaxFrameBytes && _unitPort is { HasAny: true } unitPort)
                units!.Fill(unitPort, frame);
            // Nothing follows a goodbye, so it waits for what units have left to say.
            if (_goodbye is not null && _unitPort is not { HasAny: true })
                frame.Goodbye = _goodbye;
            await stream.WriteAsync(frame, _ended.Token);
            if (frame.Goodbye is not null)
                break;
        }

        await stream.CompleteAsync();
    }

    private int Add(VehicleFrame frame, object item)
    {
        switch (item)
        {
            case WorkResult result:
                frame.Results.Add(result);
                return result.Outputs.Bytes();
            case Pong pong:
                frame.Pong = pong.Nonce;
                return 0;
            case StatusDue:
                frame.Status = Status();
                return 0;
            case Goodbye goodbye:
                _goodbye = goodbye;
                return 0;
            case UnitsDue:
                return 0; // It woke the writer; what is due follows once nothing interactive is left.
            case UnitNotice notice:
                frame.UnitNotices.Add(notice);
                return 0;
            default:
                throw new InvalidOperationException($"{item.GetType()} is nothing that a work stream carries.");
        }
    }

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

    [LoggerMessage(Level = LogLevel.Debug, Message = "Work stream to {Seed} broke: {Reason}")]
    private partial void LogBroke(string seed, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Model} could not be loaded ahead: {Reason}")]
    private partial void LogWarmFailed(ModelReference model, string reason);

    private sealed record Pong(ulong Nonce);

    private sealed record StatusDue
    {
        public static StatusDue Instance { get; } = new();
    }

    private sealed record UnitsDue
    {
        public static UnitsDue Instance { get; } = new();
    }
}
