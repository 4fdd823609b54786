using System.Net;
using System.Threading.Tasks.Sources;
using Mesh.Demo.Processes;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Messages.Work;
using Mesh.Seed.WorkStreams;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mesh.Benchmarks.MainJob;

/// <summary>
/// The work stream alone: this process serves it as a seed does, a child process answers as a vehicle does, and a caller
/// in this process has one pending slot for each request in flight.
/// </summary>
internal sealed class StreamCaller : IWorkStreamListener, ISeedView, IAsyncDisposable
{
    public const int MaxInFlight = 256;

    private static readonly ModelReference Model = new("echo", "1", new ArtifactHash(new string('0', 64)), 1);

    private readonly Slot[] _slots = [.. Enumerable.Range(0, MaxInFlight).Select(_ => new Slot())];
    private readonly TaskCompletionSource<WorkStreamConnection> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication? _server;
    private ManagedProcess? _vehicle;
    private WorkStreamConnection? _stream;

    public RegionName Region => EchoVehicle.Region;

    public IReadOnlyList<NodeAddress> Seeds => [EchoVehicle.Seed];

    public static async Task<StreamCaller> StartAsync()
    {
        var caller = new StreamCaller();
        var port = FreePorts.TakeOne();
        caller._server = caller.Serve(port);
        await caller._server.StartAsync();
        caller._vehicle = await Child.StartAsync("echo-vehicle", serverGc: false, "echo-vehicle", $"http://127.0.0.1:{port}");
        caller._stream = await caller._opened.Task;
        return caller;
    }

    /// <summary>A request with this payload, for <see cref="LoadLoop"/>.</summary>
    public Func<int, ValueTask> Caller(byte[] payload)
    {
        RawTensor[] inputs = [new([payload.Length], payload)];
        return slot =>
        {
            var answered = _slots[slot].Wait();
            if (!_stream!.TrySend(new OutgoingRequest((ulong)slot + 1, Model, TimeSpan.FromSeconds(10), 0, inputs, [])))
                throw new InvalidOperationException("The work stream is gone.");
            return answered;
        };
    }

    public void Opened(WorkStreamConnection stream, VehicleStatus status) => _opened.TrySetResult(stream);

    public void ResultArrived(WorkStreamConnection stream, WorkResult result) => _slots[result.Attempt - 1].Complete(result);

    public void StatusChanged(WorkStreamConnection stream, VehicleStatus status)
    {
    }

    public void RoundTripMeasured(WorkStreamConnection stream, TimeSpan roundTrip)
    {
    }

    public void Closed(WorkStreamConnection stream, DepartureKind kind)
    {
    }

    public async ValueTask DisposeAsync()
    {
        if (_vehicle is not null)
            await _vehicle.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    private WebApplication Serve(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MakeRoomForWorkStreams();
            kestrel.Listen(IPAddress.Loopback, port, options => options.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddWorkStreams()
            .AddSingleton(TimeProvider.System)
            .AddSingleton<IWorkStreamListener>(this)
            .AddSingleton<ISeedView>(this);
        var app = builder.Build();
        app.MapGrpcService<WorkStreamService>();
        return app;
    }

    /// <summary>Waits for one result, again and again. The waiter goes on in the pool, as a request's caller does in a seed.</summary>
    private sealed class Slot : IValueTaskSource
    {
        private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };

        public ValueTask Wait()
        {
            _core.Reset();
            return new ValueTask(this, _core.Version);
        }

        public void Complete(WorkResult result)
        {
            if (result is { Status: AttemptStatus.AttemptOk, Outputs: [{ Data.Length: EchoServer.AnswerBytes }] })
                _core.SetResult(true);
            else
                _core.SetException(new InvalidOperationException($"The echo is {result.Status}: {result.Error}"));
        }

        public void GetResult(short token) => _core.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, token, flags);
    }
}
