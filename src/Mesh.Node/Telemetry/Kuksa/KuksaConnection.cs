using System.Collections.Immutable;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Grpc.Core;
using Grpc.Net.Client;
using Mesh.Node.Telemetry.Kuksa.Wire;

namespace Mesh.Node.Telemetry.Kuksa;

/// <summary>
/// One connection to a broker, from its subscriptions to the end of the first one of them. Signals whose every change matters
/// have a stream of their own, without a least interval and with the largest buffer; all are read again now and then.
/// </summary>
internal sealed class KuksaConnection : IDisposable
{
    /// <summary>Messages; the most that the broker takes.</summary>
    private const uint Buffer = 1000;

    private readonly KuksaOptions _options;
    private readonly TimeProvider _clock;
    private readonly ChannelWriter<TelemetryEvent> _events;
    private readonly Action<int, int> _told;
    private readonly GrpcChannel _channel;
    private readonly VAL.VALClient _client;
    private readonly Grpc.Core.Metadata _headers = [];

    /// <param name="told">Gets the number of signals that the broker has, and of those that it withholds.</param>
    public KuksaConnection(KuksaOptions options, string? token, TimeProvider clock, ChannelWriter<TelemetryEvent> events, Action<int, int> told)
    {
        (_options, _clock, _events, _told) = (options, clock, events, told);
        if (token is not null)
            _headers.Add("authorization", "Bearer " + token);
        var scheme = options.CaFile is null ? "http" : "https";
        // The certificate is checked by the name in the address; where to dial is the handler's.
        _channel = GrpcChannel.ForAddress($"{scheme}://{options.ServerName ?? options.Host}:{options.Port}", new GrpcChannelOptions
        {
            HttpHandler = Handler(options),
            DisposeHttpClient = true,
        });
        _client = new VAL.VALClient(_channel);
    }

    /// <summary>Returns when the broker ended a stream without an error, as it does when it stops, and when the token has expired.</summary>
    /// <exception cref="RpcException">It did so with one, or cannot be reached.</exception>
    /// <exception cref="InvalidOperationException">It has nothing to read.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var paths = await FindPathsAsync(cancellation);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var streams = paths.GroupBy(path => VssCatalogue.Find(path)!.IsUrgent)
            .Select(group => (Paths: group.ToImmutableArray(), Call: Subscribe([.. group], sampled: !group.Key, stop.Token)))
            .ToList();
        try
        {
            // The order of times begins anew before the first value, and values of all streams come before any change.
            var now = await FirstMessagesAsync(streams, stop.Token);
            await _events.WriteAsync(new TelemetryEvent.Connected(), cancellation);
            _told(paths.Length, now.Count(reading => reading.Cause == UnknownCause.Withheld));
            await _events.WriteAsync(new TelemetryEvent.Readings(now), cancellation);
            var tasks = streams.Select(stream => PumpAsync(stream.Call, stop.Token)).Append(ReadAgainAsync(paths, stop.Token)).ToList();
            var first = await Task.WhenAny(tasks);
            await stop.CancelAsync();
            await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await first;
        }
        finally
        {
            streams.ForEach(stream => stream.Call.Dispose());
        }
    }

    public void Dispose() => _channel.Dispose();

    private static SocketsHttpHandler Handler(KuksaOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = (_, cancellation) => DialAsync(options, cancellation),
            ConnectTimeout = options.CallTimeout,
            UseProxy = false,
            KeepAlivePingDelay = options.PingAfter,
            KeepAlivePingTimeout = options.PingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        };
        if (options.CaFile is not null)
        {
            var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            trust.CustomTrustStore.ImportFromPemFile(options.CaFile);
            handler.SslOptions.CertificateChainPolicy = trust;
        }

        return handler;
    }

    /// <summary>By IPv4: the broker listens on nothing else.</summary>
    private static async ValueTask<Stream> DialAsync(KuksaOptions options, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(options.Host, options.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Which of the catalogue's paths this vehicle has: no two versions of VSS have the same, and one unknown path fails a
    /// subscription.
    /// </summary>
    private async Task<ImmutableArray<string>> FindPathsAsync(CancellationToken cancellation)
    {
        var answer = await _client.ListMetadataAsync(
            new ListMetadataRequest { Root = "Vehicle" }, _headers, DateTime.UtcNow + _options.CallTimeout, cancellation);
        if (answer.Metadata.Any(signal => signal.Path.Length == 0))
            throw new InvalidOperationException("the databroker does not tell its signals' paths: it needs to be version 0.6 or newer");
        var paths = answer.Metadata.Select(signal => signal.Path).Where(path => VssCatalogue.Find(path) is not null)
            .Distinct().Take(VehicleTelemetry.MaxPaths).ToImmutableArray();
        return paths.Length > 0 ? paths : throw new InvalidOperationException("the databroker has none of the signals that rules ask for");
    }

    private AsyncServerStreamingCall<SubscribeResponse> Subscribe(ImmutableArray<string> paths, bool sampled, CancellationToken cancellation)
    {
        var request = new SubscribeRequest { BufferSize = Buffer };
        request.SignalPaths.AddRange(paths);
        // Inside of the interval the broker discards changes, so only what is read again anyway may have one.
        if (sampled)
        {
            var interval = new SampleInterval { IntervalMs = (uint)_options.SampleInterval.TotalMilliseconds };
            request.Filter = new Filter { MinSampleInterval = interval };
        }

        return _client.Subscribe(request, _headers, cancellationToken: cancellation);
    }

    private async Task<ImmutableArray<SignalReading>> FirstMessagesAsync(
        List<(ImmutableArray<string> Paths, AsyncServerStreamingCall<SubscribeResponse> Call)> streams, CancellationToken cancellation)
    {
        var readings = ImmutableArray.CreateBuilder<SignalReading>();
        foreach (var (paths, call) in streams)
            readings.AddRange(await FirstMessageAsync(paths, call, cancellation));
        return readings.ToImmutable();
    }

    private async Task<ImmutableArray<SignalReading>> FirstMessageAsync(
        ImmutableArray<string> paths, AsyncServerStreamingCall<SubscribeResponse> call, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(_options.CallTimeout);
        try
        {
            return await call.ResponseStream.MoveNext(limit.Token)
                ? KuksaMapping.ToReadings(call.ResponseStream.Current, paths, _clock.GetUtcNow())
                : throw new InvalidOperationException("the databroker ended a subscription before its first message");
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && limit.IsCancellationRequested)
        {
            throw new InvalidOperationException($"the databroker told nothing within {_options.CallTimeout.TotalSeconds} s", e);
        }
    }

    private async Task PumpAsync(AsyncServerStreamingCall<SubscribeResponse> call, CancellationToken cancellation)
    {
        while (await call.ResponseStream.MoveNext(cancellation))
            await WriteAsync(KuksaMapping.ToReadings(call.ResponseStream.Current, _clock.GetUtcNow()), cancellation);
    }

    /// <summary>
    /// By the first message of a short subscription: GetValues leaves out signals without a provider, and does not keep the
    /// order of the request, so its values cannot be told apart. Returns when the token has expired since the connection began:
    /// whether this or the end of a stream tells so first is chance.
    /// </summary>
    private async Task ReadAgainAsync(ImmutableArray<string> paths, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(_options.ReadAgain, _clock);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            using var call = Subscribe(paths, sampled: false, cancellation);
            try
            {
                await WriteAsync(await FirstMessageAsync(paths, call, cancellation), cancellation);
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Unauthenticated)
            {
                return;
            }
        }
    }

    /// <summary>A broker tells only what it was asked for, at most <see cref="VehicleTelemetry.MaxPaths"/>; one that does not is cut short.</summary>
    private ValueTask WriteAsync(ImmutableArray<SignalReading> readings, CancellationToken cancellation) =>
        _events.WriteAsync(new TelemetryEvent.Readings([.. readings.Take(TelemetryEvent.Readings.MaxItems)]), cancellation);
}
