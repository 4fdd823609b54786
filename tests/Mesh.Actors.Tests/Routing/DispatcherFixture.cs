using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using System.Threading.Channels;
using Akka.Actor;
using Akka.TestKit.Xunit2;
using Google.Protobuf;
using Grpc.Core;
using Mesh.Hosting;
using Mesh.Hosting.Observability;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Messages.Work;
using Mesh.Seed.Routing;
using Mesh.Seed.WorkStreams;
using Microsoft.Extensions.DependencyInjection;

namespace Mesh.Actors.Tests.Routing;

/// <summary>A seed's Dispatcher with everything real around it but the network, and a probe for the JobRouter.</summary>
internal sealed class DispatcherFixture : IAsyncDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ActorSystem _system;
    private readonly MeterListener _meters = new();

    public DispatcherFixture(RouterSettings? settings = null, RequestTableLimits? limits = null)
    {
        Listen();
        var clock = new MonotonicClock(TimeProvider.System);
        Table = new RequestTable(clock, limits ?? new RequestTableLimits());
        Feed = new DispatcherFeed(Table);
        var member = new MemberOptions("127.0.0.1", IPAddress.Loopback, 0, MeshSystem.SeedRoles(new RegionName("spec")), []);
        _system = MeshSystem.Create(member, Akka.Configuration.Config.Empty);
        Kit = new TestKit(_system);
        var self = Akka.Cluster.Cluster.Get(_system).SelfUniqueAddress.ToNodeAddress();
        var parts = new DispatcherParts(
            settings ?? new RouterSettings(),
            default,
            clock,
            new Random(1),
            Table,
            Feed,
            Streams,
            new FleetTallies(self),
            Kit.TestActor,
            Readiness,
            new RouterMetrics(Meters, Table, Streams, new EnergyMetrics(Meters, new RegionName("spec"))));
        Dispatcher = _system.ActorOf(Props.Create(() => new Dispatcher(parts)), "dispatcher");
    }

    public static ModelReference Model { get; } = new("model", "1", new ArtifactHash(new string('a', 64)), 1000);

    public TestKit Kit { get; }

    public RequestTable Table { get; }

    public DispatcherFeed Feed { get; }

    public WorkStreamRegistry Streams { get; } = new();

    public RouterReadiness Readiness { get; } = new();

    public IActorRef Dispatcher { get; }

    /// <summary>What was counted, by instrument; those with tags as name{tag}.</summary>
    public ConcurrentDictionary<string, long> Counted { get; } = [];

    /// <summary>Its first report is out, so it takes requests.</summary>
    public Task<FleetReport> StartedAsync() => NextReportAsync();

    public async Task<FleetReport> NextReportAsync() => await Kit.ExpectMsgAsync<FleetReport>(TimeSpan.FromSeconds(60));

    public void Acknowledge(FleetReport report) => Dispatcher.Tell(new FleetRecords(1, report.Sequence, []));

    public Task<InferenceOutcome> InferAsync(double seconds = 60, CancellationToken cancellation = default) =>
        Table.InferAsync(new InferenceCall(Model, [new RawTensor([3], new byte[] { 1, 2, 3 })], [], TimeSpan.FromSeconds(seconds)), cancellation)
            .WaitAsync(TimeSpan.FromSeconds(90), CancellationToken.None);

    public FakeVehicle Connect(string vehicle, ulong epoch = 1) => new(this, vehicle, epoch);

    public async ValueTask DisposeAsync()
    {
        _meters.Dispose();
        await _system.Terminate();
        await _services.DisposeAsync();
    }

    private IMeterFactory Meters => _services.GetRequiredService<IMeterFactory>();

    private void Listen()
    {
        var scope = Meters;
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope == scope)
                listener.EnableMeasurementEvents(instrument);
        };
        _meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            // The first label, and the class of failure where there is one.
            var error = tags.Length > 0 && tags[^1].Key == MeshSpans.ErrorType ? $"|{tags[^1].Value}" : "";
            Counted.AddOrUpdate(instrument.Name + (tags.Length > 0 ? $"{{{tags[0].Value}{error}}}" : ""), value, (_, sum) => sum + value);
        });
        _meters.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
            Counted.AddOrUpdate($"{instrument.Name}{{{tags[1].Value}}} in thousandths", (long)(value * 1000), (_, sum) => sum + (long)(value * 1000)));
        _meters.Start();
    }
}

/// <summary>The vehicle's end of a work stream, without a network: reads the seed's frames, answers as a test says.</summary>
internal sealed class FakeVehicle : IServerStreamWriter<SeedFrame>
{
    private readonly Channel<WorkRequest> _requests = Channel.CreateUnbounded<WorkRequest>();
    private readonly Channel<ulong> _cancels = Channel.CreateUnbounded<ulong>();
    private readonly DispatcherFixture _fixture;
    private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FakeVehicle(DispatcherFixture fixture, string vehicle, ulong epoch)
    {
        _fixture = fixture;
        var session = new StreamSession(
            new VehicleId(vehicle), new SessionEpoch(epoch), new NodeAddress($"akka.tcp://mesh@{vehicle}:1", (int)epoch), default, "test");
        Stream = new WorkStreamConnection(fixture.Streams.NextId(), session, () => _aborted.TrySetResult());
        var loaded = new LoadedModel { Sha256 = ByteString.CopyFrom(DispatcherFixture.Model.Hash.ToBytes()) };
        var status = new VehicleStatus { Credits = 4, Threads = 1, Loaded = { loaded } };
        Assert.Null(fixture.Streams.TryRegister(Stream, () => fixture.Feed.Opened(Stream, status)));
        _ = Stream.WriteAsync(this, CancellationToken.None);
    }

    public WorkStreamConnection Stream { get; }

    /// <summary>The seed ended the stream.</summary>
    public Task Aborted => _aborted.Task;

    public WriteOptions? WriteOptions { get; set; }

    public async Task<WorkRequest> RequestAsync() => await _requests.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));

    public async Task<ulong> CancelAsync() => await _cancels.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));

    public void Answer(WorkRequest request, byte content) => _fixture.Feed.ResultArrived(
        Stream,
        new WorkResult
        {
            Attempt = request.Attempt,
            Status = AttemptStatus.AttemptOk,
            InferUs = 1000,
            EnergyUj = 5000,
            Outputs = { new TensorData { Shape = { 1 }, Data = ByteString.CopyFrom(content) } },
        });

    public void Refuse(WorkRequest request, AttemptStatus status) =>
        _fixture.Feed.ResultArrived(Stream, new WorkResult { Attempt = request.Attempt, Status = status, Error = "why" });

    /// <summary>Tells the seed that it will leave.</summary>
    public void Drain() => _fixture.Feed.StatusChanged(Stream, new VehicleStatus { Credits = 4, Threads = 1, Draining = true });

    public void Disconnect(DepartureKind kind = DepartureKind.Vanished)
    {
        _fixture.Streams.Unregister(Stream);
        _fixture.Feed.Closed(Stream, kind);
    }

    public Task WriteAsync(SeedFrame message)
    {
        foreach (var request in message.Requests)
            _requests.Writer.TryWrite(request);
        foreach (var cancel in message.Cancels)
            _cancels.Writer.TryWrite(cancel);
        return Task.CompletedTask;
    }
}
