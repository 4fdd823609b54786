using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Grpc.Core;
using Mesh.Node.Telemetry.Kuksa.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace Mesh.State.Tests.Telemetry;

/// <summary>
/// A KUKSA databroker on a loopback port, with the traps of the real one: silent omission of what may not be read, silent loss
/// of messages, streams that end with OK, values that stay after their provider is gone.
/// </summary>
internal sealed class FakeBroker : VAL.VALBase, IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Datapoint> _values = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Stream, bool> _streams = new();
    private readonly Channel<bool> _subscribed = Channel.CreateUnbounded<bool>();
    private WebApplication? _app;

    public int Port { get; private set; }

    /// <summary>Paths that exist and may not be read.</summary>
    public ConcurrentDictionary<string, bool> Unreadable { get; } = new();

    public ConcurrentQueue<(SubscribeRequest Request, string? Token)> Subscriptions { get; } = new();

    /// <summary>Null: every caller is good.</summary>
    public string? Token { get; set; }

    /// <summary>Before 0.6 metadata had no path.</summary>
    public bool TellsPaths { get; set; } = true;

    /// <summary>Subscriptions are accepted and nothing is told.</summary>
    public bool IsMute { get; set; }

    public int Calls { get; private set; }

    public async Task StartAsync(int port = 0, X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            if (certificate is not null)
                listen.UseHttps(certificate);
        }));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        _app = builder.Build();
        _app.MapGrpcService<FakeBroker>();
        await _app.StartAsync();
        Port = new Uri(_app.Urls.Single()).Port;
    }

    /// <summary>Ends every stream with OK and stops listening.</summary>
    public async Task StopAsync()
    {
        EndStreams();
        await _app!.StopAsync();
        await _app.DisposeAsync();
        _app = null;
    }

    public void Publish(string path, Value? value, DateTimeOffset time)
    {
        var point = Put(path, value, time);
        foreach (var stream in _streams.Keys.Where(stream => stream.Paths.Contains(path)))
            stream.Messages.Writer.TryWrite(new SubscribeResponse { Entries = { [path] = point } });
    }

    /// <summary>As when the broker dropped the message for a slow reader.</summary>
    public Datapoint Put(string path, Value? value, DateTimeOffset time) =>
        _values[path] = new Datapoint { Timestamp = Timestamp.FromDateTimeOffset(time), Value = value };

    /// <summary>As when a token has expired.</summary>
    public void EndStreams()
    {
        foreach (var stream in _streams.Keys)
            stream.Messages.Writer.TryComplete();
    }

    public async Task SubscribedAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await _subscribed.Reader.ReadAsync(limit.Token);
    }

    public override Task<ListMetadataResponse> ListMetadata(ListMetadataRequest request, ServerCallContext context)
    {
        Calls++;
        Check(context);
        var answer = new ListMetadataResponse();
        answer.Metadata.AddRange(_values.Keys.Where(path => path.StartsWith(request.Root + ".", StringComparison.Ordinal))
            .Select((path, id) => new Mesh.Node.Telemetry.Kuksa.Wire.Metadata { Path = TellsPaths ? path : "", Id = id }));
        return Task.FromResult(answer);
    }

    public override async Task Subscribe(SubscribeRequest request, IServerStreamWriter<SubscribeResponse> responses, ServerCallContext context)
    {
        var token = Check(context);
        if (request.SignalPaths.FirstOrDefault(path => !_values.ContainsKey(path)) is { } unknown)
            throw new RpcException(new Status(StatusCode.NotFound, unknown));
        if (request.BufferSize > 1000)
            throw new RpcException(new Status(StatusCode.InvalidArgument, "buffer_size"));
        Subscriptions.Enqueue((request, token));
        var stream = new Stream([.. request.SignalPaths.Where(path => !Unreadable.ContainsKey(path))]);
        _streams.TryAdd(stream, true);
        try
        {
            if (IsMute)
                await Task.Delay(Timeout.Infinite, context.CancellationToken);
            var first = new SubscribeResponse();
            foreach (var path in stream.Paths)
                first.Entries[path] = _values[path];
            await responses.WriteAsync(first, context.CancellationToken);
            _subscribed.Writer.TryWrite(true);
            await foreach (var message in stream.Messages.Reader.ReadAllAsync(context.CancellationToken))
                await responses.WriteAsync(message, context.CancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The client has gone.
        }
        finally
        {
            _streams.TryRemove(stream, out _);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await StopAsync();
    }

    private string? Check(ServerCallContext context)
    {
        var header = context.RequestHeaders.GetValue("authorization");
        return Token is null || header == "Bearer " + Token
            ? header
            : throw new RpcException(new Status(StatusCode.Unauthenticated, "no valid token"));
    }

    private sealed record Stream(HashSet<string> Paths)
    {
        public Channel<SubscribeResponse> Messages { get; } = Channel.CreateUnbounded<SubscribeResponse>();
    }
}
