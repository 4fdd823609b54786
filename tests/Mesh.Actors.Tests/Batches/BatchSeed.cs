using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using System.Text.Json;
using Akka.Actor;
using Akka.TestKit.Xunit2;
using Mesh.Hosting;
using Mesh.Hosting.Observability;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed;
using Mesh.Seed.Batches;
using Mesh.Seed.Batches.Running;
using Mesh.Seed.Batches.Storage;
using Mesh.Seed.Ingress;
using Mesh.Seed.Models;
using Mesh.Seed.Routing;
using Mesh.Seed.WorkStreams;
using Mesh.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using BatchLimits = Mesh.Seed.Batches.BatchLimits;

namespace Mesh.Actors.Tests.Batches;

/// <summary>One life of a seed's batches: the JobRouter with its runs, a journal and a blob store, all real; vehicles are the tests'.</summary>
internal sealed class BatchSeed : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ActorSystem _system;
    private readonly IActorRef _router;
    private readonly MeterListener _meters = new();
    private readonly ConcurrentDictionary<string, long> _results = new();

    /// <param name="models">Folder of its models; null = those of the checkout.</param>
    public BatchSeed(JournalSettings journal, IBlobStore blobs, BatchSettings? settings = null, string? models = null)
    {
        var factory = _services.GetRequiredService<IMeterFactory>();
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "mesh.batch.results" && ReferenceEquals(instrument.Meter.Scope, factory))
                listener.EnableMeasurementEvents(instrument);
        };
        _meters.SetMeasurementEventCallback<long>((_, count, tags, _) =>
            _results.AddOrUpdate((string)tags[0].Value!, count, (_, before) => before + count));
        _meters.Start();
        var clock = new MonotonicClock(TimeProvider.System);
        Feed = new DispatcherFeed(new RequestTable(clock, new RequestTableLimits()));
        Blobs = blobs;
        var repository = new ModelRepository(models ?? Checkout.Models, NullLogger<ModelRepository>.Instance);
        repository.Rescan();
        Work = new BatchWork(
            blobs,
            repository,
            Streams,
            new BatchLimits(),
            settings ?? new BatchSettings(),
            new IngressOptions(),
            new BatchMetrics(factory, new EnergyMetrics(factory, new RegionName("spec"))),
            TimeProvider.System,
            NullLogger<BatchWork>.Instance);
        var options = new MemberOptions("127.0.0.1", IPAddress.Loopback, 0, MeshSystem.SeedRoles(new RegionName("spec")), []);
        _system = MeshSystem.Create(options, journal.ToHocon());
        Kit = new TestKit(_system);
        var parts = new JobRouterParts(
            new RegionName("spec"),
            Akka.Cluster.Cluster.Get(_system).SelfUniqueAddress.ToNodeAddress(),
            default,
            new RouterSettings { Batches = settings ?? new BatchSettings() },
            clock,
            new Random(1),
            Feed.Facts,
            Work);
        _router = _system.ActorOf(Props.Create(() => new JobRouter(parts)), "router");
        Kit.Watch(_router);
        Directory = new BatchDirectory(() => _router, TimeProvider.System);
    }

    public TestKit Kit { get; }

    public WorkStreamRegistry Streams { get; } = new();

    public DispatcherFeed Feed { get; }

    public BatchWork Work { get; }

    public IBlobStore Blobs { get; }

    public BatchDirectory Directory { get; }

    /// <summary>Results of lines that were counted as this so far.</summary>
    public long Results(ResultKind kind) => _results.GetValueOrDefault(Labels.Of(kind));

    /// <summary>Line i asks the model about a picture of its own.</summary>
    public static string Line(int number, string? body = null) => JsonSerializer.Serialize(new
    {
        custom_id = $"line-{number}",
        method = "POST",
        url = "/v2/models/fashion_cnn/infer",
        body = JsonSerializer.Deserialize<JsonElement>(body ?? Body(number)),
    });

    public static string Body(int number)
    {
        var values = new float[28 * 28];
        values[0] = number;
        return JsonSerializer.Serialize(new { inputs = new[] { new { name = "image", shape = new[] { 1, 1, 28, 28 }, datatype = "FP32", data = values } } });
    }

    public async Task<string> UploadAsync(IEnumerable<string> lines)
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"));
        var blob = await Blobs.WriteAsync(content, long.MaxValue, default);
        var file = new FileEntry("file-" + Guid.NewGuid().ToString("N"), "in.jsonl", "batch", DateTimeOffset.UtcNow, null, [blob]);
        return (await Directory.AddFileAsync(file, default)).Id;
    }

    /// <param name="trace">Of the call that asks for it.</param>
    public async Task<string> CreateAsync(string file, TimeSpan? window = null, ActivityContext trace = default) => (await Directory.CreateBatchAsync(
        new NewBatch(file, "/v2/models/fashion_cnn/infer", window ?? TimeSpan.FromHours(24), "24h", null, null, null) { Trace = trace }, default)).Id;

    /// <summary>Asks the router as an operator's command does.</summary>
    public Task<T> AskAsync<T>(IMeshMessage question) => _router.Ask<T>(question, Limit);

    /// <summary>Waits for a state that nothing announces to a client either.</summary>
    public async Task<BatchEntry> UntilAsync(string batch, Func<BatchEntry, bool> condition)
    {
        using var limit = new CancellationTokenSource(Limit);
        using var interval = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            var entry = (await Directory.FindBatchAsync(batch, limit.Token))!;
            if (condition(entry))
                return entry;
            await interval.WaitForNextTickAsync(limit.Token);
        }
    }

    /// <summary>The file's lines, parsed.</summary>
    public async Task<List<JsonElement>> ReadAsync(string? file)
    {
        if (file is null)
            return [];
        var lines = new List<JsonElement>();
        foreach (var part in (await Directory.FindFileAsync(file, default))!.Parts)
        {
            await using var content = await Blobs.OpenAsync(part, 0, default);
            using var reader = new StreamReader(content);
            while (await reader.ReadLineAsync() is { } line)
                lines.Add(JsonSerializer.Deserialize<JsonElement>(line));
        }

        return lines;
    }

    public async Task StoppedAsync() => await Kit.ExpectTerminatedAsync(_router, Limit);

    public async ValueTask DisposeAsync()
    {
        _meters.Dispose();
        await _system.Terminate();
        await _services.DisposeAsync();
    }
}
