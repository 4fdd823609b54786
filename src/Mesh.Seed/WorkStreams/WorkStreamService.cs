using Grpc.Core;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Messages.Work;
using Mesh.Seed.Routing.History;

namespace Mesh.Seed.WorkStreams;

/// <summary>Timing and bounds of the work streams at a seed.</summary>
public sealed record WorkStreamOptions
{
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>A stream that has been silent for this long is over: its vehicle vanished without closing it.</summary>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromSeconds(1.5);

    /// <summary>A stream must say hello within this time.</summary>
    public TimeSpan HelloTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Credits beyond this are not used, whatever a vehicle grants.</summary>
    public int MaxCredits { get; init; } = 1024;
}

/// <summary>The seeds of the cluster as this one sees them.</summary>
public interface ISeedView
{
    RegionName Region { get; }

    /// <summary>Empty until this seed is a member itself.</summary>
    IReadOnlyList<NodeAddress> Seeds { get; }

    /// <summary>HOST:PORT where operators ask this seed; empty = nowhere that a vehicle may name.</summary>
    string Operators => "";
}

/// <summary>Serves work.proto's stream: hello, then frames both ways until one side ends it.</summary>
public sealed partial class WorkStreamService(
    WorkStreamRegistry registry,
    IWorkStreamListener listener,
    IUnitListener units,
    ISeedView seeds,
    WorkStreamOptions options,
    TimeProvider time,
    ILogger<WorkStreamService> logger) : WorkStream.WorkStreamBase
{
    private const int MaxDeviceClass = 64;

    /// <summary>Longer stays count as this long.</summary>
    private static readonly TimeSpan MaxParked = TimeSpan.FromDays(365);

    public override async Task Open(
        IAsyncStreamReader<VehicleFrame> requestStream,
        IServerStreamWriter<SeedFrame> responseStream,
        ServerCallContext context)
    {
        var hello = await ReadHelloAsync(requestStream, context.CancellationToken);
        var http = context.GetHttpContext();
        var stream = new WorkStreamConnection(registry.NextId(), ToSession(hello), http.Abort);
        var frames = registry.Traffic.Counting(responseStream);
        await frames.WriteAsync(new SeedFrame { Hello = Greeting() }, context.CancellationToken);
        Hear(stream, hello.Status);
        if (registry.TryRegister(stream, () => Opened(stream)) is { } refusal)
            throw Refused(StatusCode.FailedPrecondition, refusal);
        LogOpened(stream.Session.Vehicle, stream.Session.Epoch, stream.Session.Member);
        var kind = DepartureKind.Vanished;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        var pulse = new Pulse(time);
        var writing = stream.WriteAsync(frames, ending.Token);
        var pinging = PingAsync(stream, pulse, ending.Token);
        try
        {
            kind = await ReadAsync(stream, requestStream, pulse, ending.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException or RpcException)
        {
            LogBroke(stream.Session.Vehicle, e.Message);
        }
        finally
        {
            registry.Unregister(stream);
            var superseded = registry.Sessions.Any(s => s.Vehicle == stream.Session.Vehicle && s.Epoch > stream.Session.Epoch);
            listener.Closed(stream, superseded && kind == DepartureKind.Vanished ? DepartureKind.Superseded : kind);
            units.StreamClosed(stream);
            LogClosed(stream.Session.Vehicle, stream.Session.Epoch, kind);
            stream.Abort();
            await ending.CancelAsync();
            await Task.WhenAll(Quietly(writing), Quietly(pinging));
        }
    }

    private void Opened(WorkStreamConnection stream)
    {
        listener.Opened(stream, stream.LastStatus);
        units.StreamOpened(stream);
    }

    private async Task<VehicleHello> ReadHelloAsync(IAsyncStreamReader<VehicleFrame> stream, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(options.HelloTimeout);
        try
        {
            if (await stream.MoveNext(limit.Token) && stream.Current.Hello is { } hello)
                return hello;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Refused(StatusCode.DeadlineExceeded, $"no hello within {options.HelloTimeout.TotalSeconds:0.#} s");
        }

        throw Refused(StatusCode.InvalidArgument, "the first frame of a work stream must be its hello");
    }

    private StreamSession ToSession(VehicleHello hello)
    {
        if (hello.Protocol != WorkProtocol.Version)
            throw Refused(StatusCode.FailedPrecondition, $"this seed speaks work protocol {WorkProtocol.Version}, the vehicle {hello.Protocol}");
        if (hello.Region != seeds.Region.Value)
            throw Refused(StatusCode.FailedPrecondition, $"this is region {seeds.Region}, not '{hello.Region}'");
        if (!VehicleId.TryParse(hello.VehicleId, out var vehicle))
            throw Refused(StatusCode.InvalidArgument, $"'{hello.VehicleId}' is no vehicle id");
        if (!(Math.Abs(hello.Latitude) <= 90) || !(Math.Abs(hello.Longitude) <= 180))
            throw Refused(StatusCode.InvalidArgument, $"'{hello.Latitude}, {hello.Longitude}' is no place on Earth");
        if (hello.Status is null || hello.Epoch == 0 || hello.Address.Length == 0)
            throw Refused(StatusCode.InvalidArgument, "the hello lacks its status, epoch or member address");
        if (hello.DeviceClass.Length > MaxDeviceClass)
            throw Refused(StatusCode.InvalidArgument, $"a device class has at most {MaxDeviceClass} characters, not {hello.DeviceClass.Length}");
        return new StreamSession(
            vehicle,
            new SessionEpoch(hello.Epoch),
            new NodeAddress(hello.Address, hello.AddressUid),
            new GeoPoint(hello.Latitude, hello.Longitude),
            hello.DeviceClass)
        {
            MemoryBytes = (long)Math.Min(hello.MemoryBytes, long.MaxValue),
            ParkedFor = TimeSpan.FromSeconds(Math.Min(hello.ParkedS, MaxParked.TotalSeconds)),
        };
    }

    private SeedHello Greeting()
    {
        var known = seeds.Seeds;
        if (known.Count == 0)
            throw Refused(StatusCode.Unavailable, "this seed is not a member of its cluster yet");
        return new SeedHello
        {
            Region = seeds.Region.Value,
            Protocol = WorkProtocol.Version,
            Operators = seeds.Operators,
            Seeds = { known.Select(seed => new SeedIncarnation { Address = seed.Address, Uid = seed.Uid }) },
        };
    }

    private async Task<DepartureKind> ReadAsync(
        WorkStreamConnection stream, IAsyncStreamReader<VehicleFrame> frames, Pulse pulse, CancellationToken cancellation)
    {
        while (await frames.MoveNext(cancellation))
        {
            var frame = frames.Current;
            pulse.Beat();
            registry.Traffic.Read(frame);
            foreach (var result in frame.Results)
                listener.ResultArrived(stream, result);
            foreach (var results in frame.UnitResults)
                units.UnitResultsArrived(stream, results);
            foreach (var notice in frame.UnitNotices)
                units.UnitNoticed(stream, notice);
            if (frame.Status is { } status)
                StatusChanged(stream, status);
            if (frame.Pong != 0 && pulse.RoundTrip(frame.Pong) is { } roundTrip)
                listener.RoundTripMeasured(stream, roundTrip);
            // Nothing follows a goodbye but the end, which may come as a reset: that must not undo what was said.
            if (frame.Goodbye is { } goodbye)
            {
                stream.Farewell = Farewell.Of(goodbye);
                return DepartureKind.Planned;
            }
        }

        return DepartureKind.Vanished;
    }

    private void StatusChanged(WorkStreamConnection stream, VehicleStatus status)
    {
        Hear(stream, status);
        listener.StatusChanged(stream, status);
        units.StatusChanged(stream);
    }

    private async Task PingAsync(WorkStreamConnection stream, Pulse pulse, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(options.PingInterval, time);
        var last = time.GetTimestamp();
        do
        {
            // A seed that was held up has not read what came meanwhile: nobody else's silence.
            var since = time.GetElapsedTime(last);
            last = time.GetTimestamp();
            if (since > 2 * options.PingInterval)
                pulse.Excuse(since - options.PingInterval);
            if (pulse.Silence > options.SilenceLimit)
            {
                LogSilent(stream.Session.Vehicle, pulse.Silence.TotalSeconds);
                stream.Abort();
                return;
            }

            stream.TryPing(pulse.NextNonce());
        }
        while (await timer.WaitForNextTickAsync(cancellation));
    }

    private void Hear(WorkStreamConnection stream, VehicleStatus status)
    {
        if (status.Denials is { } denials)
        {
            stream.Denials = ToldDenials.Of(denials, time.GetUtcNow());
            // The status is kept as it came: this part of it within bounds only.
            status.Denials = null;
        }

        stream.LastStatus = Bounded(status);
    }

    private VehicleStatus Bounded(VehicleStatus status)
    {
        status.Credits = Math.Clamp(status.Credits, 1u, (uint)options.MaxCredits);
        status.Threads = Math.Clamp(status.Threads, 1u, 1024u);
        return status;
    }

    private static RpcException Refused(StatusCode code, string why) => new(new Status(code, why));

    private static async Task Quietly(Task task)
    {
        try
        {
            await task;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidOperationException or RpcException)
        {
            // The stream is over; its reader has said why.
        }
    }

    /// <summary>When the vehicle was last heard of, and the one ping that is out.</summary>
    private sealed class Pulse(TimeProvider time)
    {
        private readonly Lock _lock = new();
        private long _heard = time.GetTimestamp();
        private long _sent;
        private ulong _nonce;

        public TimeSpan Silence => time.GetElapsedTime(Volatile.Read(ref _heard));

        /// <summary>So much of the silence does not count.</summary>
        public void Excuse(TimeSpan span)
        {
            var heard = Volatile.Read(ref _heard);
            // Not beyond now: what came meanwhile may have been read already.
            var excused = Math.Min(time.GetTimestamp(), heard + (long)(span.TotalSeconds * time.TimestampFrequency));
            // Whoever beat it to it was heard of just now.
            Interlocked.CompareExchange(ref _heard, excused, heard);
        }

        public void Beat() => Volatile.Write(ref _heard, time.GetTimestamp());

        public ulong NextNonce()
        {
            lock (_lock)
            {
                _sent = time.GetTimestamp();
                return ++_nonce;
            }
        }

        public TimeSpan? RoundTrip(ulong nonce)
        {
            lock (_lock)
                return nonce == _nonce ? time.GetElapsedTime(_sent) : null;
        }
    }
}
