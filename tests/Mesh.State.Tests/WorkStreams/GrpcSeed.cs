using System.Net;
using System.Threading.Channels;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Messages.Work;
using Mesh.Seed.WorkStreams;
using Mesh.State.Tests.Inference;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mesh.State.Tests.WorkStreams;

/// <summary>A seed that serves work streams and nothing else.</summary>
internal sealed class GrpcSeed : IWorkStreamListener, IUnitListener, ISeedView, IAsyncDisposable
{
    private readonly Channel<(WorkStreamConnection Stream, UnitNotice Notice)> _notices = Channel.CreateUnbounded<(WorkStreamConnection, UnitNotice)>();
    private readonly Channel<(ulong Unit, UnitLineResult Result)> _results = Channel.CreateUnbounded<(ulong, UnitLineResult)>();
    private readonly Channel<(WorkStreamConnection Stream, VehicleStatus Status)> _statuses = Channel.CreateUnbounded<(WorkStreamConnection, VehicleStatus)>();
    private WebApplication? _server;

    public RegionName Region { get; } = new("test");

    public IReadOnlyList<NodeAddress> Seeds { get; } = [new NodeAddress("akka.tcp://t@seed:1", 1)];

    public string Operators { get; set; } = "";

    public string Address => _server!.Urls.Single();

    public WorkStreamRegistry Registry => _server!.Services.GetRequiredService<WorkStreamRegistry>();

    public TaskCompletionSource<DepartureKind> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Results that arrived and that no test took.</summary>
    public IReadOnlyList<uint> Told
    {
        get
        {
            var told = new List<uint>();
            while (_results.Reader.TryRead(out var result))
                told.Add(result.Result.Line);
            return told;
        }
    }

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MakeRoomForWorkStreams();
            kestrel.Listen(IPAddress.Loopback, 0, options => options.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddWorkStreams()
            .AddSingleton(TimeProvider.System)
            .AddSingleton<IWorkStreamListener>(this)
            .AddSingleton<IUnitListener>(this)
            .AddSingleton<ISeedView>(this);
        _server = builder.Build();
        _server.MapGrpcService<WorkStreamService>();
        await _server.StartAsync();
    }

    public async Task<UnitNotice> NoticeAsync() => (await _notices.Reader.ReadAsync().AsTask().WaitAsync(EngineHarness.Patience)).Notice;

    public async Task<WorkStreamConnection> ToldAllAsync()
    {
        var (stream, notice) = await _notices.Reader.ReadAsync().AsTask().WaitAsync(EngineHarness.Patience);
        Assert.Equal((0UL, UnitState.UnitToldAll), (notice.Unit, notice.State));
        return stream;
    }

    /// <summary>The first status, that of the hello included, that is as told.</summary>
    public async Task<(WorkStreamConnection Stream, VehicleStatus Status)> StatusAsync(Func<VehicleStatus, bool> isTold)
    {
        using var patience = new CancellationTokenSource(EngineHarness.Patience);
        while (true)
        {
            var next = await _statuses.Reader.ReadAsync(patience.Token);
            if (isTold(next.Status))
                return next;
        }
    }

    public async Task<IReadOnlyDictionary<uint, UnitLineResult>> ResultsAsync(ulong unit, int count)
    {
        var results = new Dictionary<uint, UnitLineResult>();
        while (results.Count < count)
        {
            var (of, result) = await _results.Reader.ReadAsync().AsTask().WaitAsync(EngineHarness.Patience);
            Assert.Equal(unit, of);
            results.Add(result.Line, result);
        }

        return results;
    }

    public void UnitResultsArrived(WorkStreamConnection stream, UnitResults results)
    {
        foreach (var result in results.Results)
            _results.Writer.TryWrite((results.Unit, result));
    }

    public void UnitNoticed(WorkStreamConnection stream, UnitNotice notice) => _notices.Writer.TryWrite((stream, notice));

    public void Opened(WorkStreamConnection stream, VehicleStatus status) => _statuses.Writer.TryWrite((stream, status));

    public void StatusChanged(WorkStreamConnection stream, VehicleStatus status) => _statuses.Writer.TryWrite((stream, status));

    public void RoundTripMeasured(WorkStreamConnection stream, TimeSpan roundTrip)
    {
    }

    public void ResultArrived(WorkStreamConnection stream, WorkResult result)
    {
    }

    public void Closed(WorkStreamConnection stream, DepartureKind kind) => Ended.TrySetResult(kind);

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }
}
