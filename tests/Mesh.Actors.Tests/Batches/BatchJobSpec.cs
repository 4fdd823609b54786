using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Mesh.Actors.Tests.Routing;
using Mesh.Hosting.Observability;
using Mesh.Messages.Control;
using Mesh.Messages.Work;
using Mesh.Seed;
using Mesh.Seed.Batches;
using Mesh.Seed.Batches.Storage;
using Mesh.Testing;
using Microsoft.Data.Sqlite;

namespace Mesh.Actors.Tests.Batches;

/// <summary>Batches through the JobRouter, its runs, the journal and the blob store, whichever database that is.</summary>
public abstract class BatchJobSpec : IAsyncLifetime
{
    private JournalSettings? _journal;
    private IBlobStore? _blobs;

    public async Task InitializeAsync()
    {
        (_journal, _blobs) = await CreateAsync();
        _journal.Prepare();
    }

    public virtual Task DisposeAsync() => Task.CompletedTask;

    [JournalFact]
    public async Task Every_line_gets_its_own_answer_and_bad_ones_their_error()
    {
        await using var seed = Start();
        var (one, other) = (new UnitVehicle("V-1"), new UnitVehicle("V-2"));
        one.Connect(seed);
        other.Connect(seed);
        var lines = Enumerable.Range(0, 500).Select(i => BatchSeed.Line(i)).ToList();
        lines[7] = "{\"custom_id\": \"bad-url\", \"method\": \"POST\", \"url\": \"/v2/models/other/infer\", \"body\": {}}";
        lines[8] = "not json";
        lines[9] = BatchSeed.Line(9, body: """{"inputs": []}""");

        var batch = await seed.UntilAsync(await seed.CreateAsync(await seed.UploadAsync(lines)), IsOver);
        Assert.Equal((BatchStatus.Completed, 500, 497, 3), (batch.Status, batch.Total, batch.Completed, batch.Failed));
        await AssertAnswersAsync(seed, batch, [.. Enumerable.Range(0, 500).Except([7, 8, 9])]);
        var errors = await seed.ReadAsync(batch.ErrorFileId);
        Assert.Equal(["bad-url", null, "line-9"], errors.OrderBy(Order).Select(error => error.GetProperty("custom_id").GetString()));
        Assert.Equal(400, errors.Single(e => e.GetProperty("custom_id").GetString() == "line-9").GetProperty("response").GetProperty("status_code").GetInt32());
        await NothingKeptAsync(one, other);

        static int Order(JsonElement error) => error.GetProperty("custom_id").GetString() switch { "bad-url" => 0, null => 1, _ => 2 };
    }

    [JournalFact]
    public async Task An_operator_is_told_why_a_batch_waits_and_lists_those_that_have_not_ended()
    {
        await using var seed = Start();
        var batch = await seed.CreateAsync(await seed.UploadAsync([.. Enumerable.Range(0, 10).Select(i => BatchSeed.Line(i))]));
        await seed.UntilAsync(batch, entry => entry.Status == BatchStatus.InProgress);
        var explained = await seed.AskAsync<BatchExplained>(new ExplainBatch(batch));
        using var document = JsonDocument.Parse(explained.Document!);
        Assert.Equal("NO_VEHICLES", document.RootElement.GetProperty("why")[0].GetProperty("code").GetString());
        Assert.Equal(10, document.RootElement.GetProperty("waiting_lines").GetInt32());
        Assert.Equal([batch], (await seed.AskAsync<BatchExplained>(new ExplainBatch("batch_none"))).Near);
        Assert.Single((await seed.AskAsync<BatchPage>(new ListBatches(null, 10, ActiveOnly: true))).Batches);

        new UnitVehicle("V-1").Connect(seed);
        await seed.UntilAsync(batch, IsOver);
        Assert.Empty((await seed.AskAsync<BatchPage>(new ListBatches(null, 10, ActiveOnly: true))).Batches);
        var status = await seed.AskAsync<RouterStatus>(GetRouterStatus.Instance);
        Assert.Equal((1, 0, 0), (status.Batches, status.ActiveBatches, status.OpenUnits));
    }

    [JournalFact]
    public async Task A_file_with_faults_fails_before_anything_runs()
    {
        await using var seed = Start();
        var vehicle = new UnitVehicle("V-1");
        vehicle.Connect(seed);
        var batch = await seed.UntilAsync(
            await seed.CreateAsync(await seed.UploadAsync([BatchSeed.Line(1), BatchSeed.Line(2), BatchSeed.Line(1)])), IsOver);
        Assert.Equal(BatchStatus.Failed, batch.Status);
        Assert.Equal(("duplicate_custom_id", 3L), (Assert.Single(batch.Faults).Code, batch.Faults[0].Line));
        Assert.Equal(0, vehicle.Ran);
    }

    [JournalFact]
    public async Task What_a_vehicle_kept_while_the_router_was_gone_is_not_run_again()
    {
        const int Lines = 40;
        var settings = new BatchSettings { FirstUnitLines = Lines, UnitsPerVehicle = 1 };
        var vehicle = new UnitVehicle("V-1") { IsMute = true, Expected = Lines };
        string id;
        await using (var first = Start(settings))
        {
            vehicle.Connect(first);
            id = await first.CreateAsync(await first.UploadAsync(Enumerable.Range(0, Lines).Select(i => BatchSeed.Line(i))));
            await vehicle.RanExpected.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }

        Assert.Equal(Lines, vehicle.Kept);
        await using var second = Start(settings);
        vehicle.IsMute = false;
        vehicle.Connect(second);
        var batch = await second.UntilAsync(id, IsOver);
        Assert.Equal((BatchStatus.Completed, Lines, Lines), (batch.Status, batch.Completed, vehicle.Ran));
        await AssertAnswersAsync(second, batch, [.. Enumerable.Range(0, Lines)]);
        await NothingKeptAsync(vehicle);
    }

    [JournalFact]
    public async Task What_works_a_batch_off_is_linked_to_its_call_also_at_the_next_router()
    {
        var call = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);
        var ended = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == MeshSpans.SeedSourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Links?.Any(link => link.Context.SpanId == call.SpanId) == true ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            // Other tests' spans come here as well, where they have listeners of their own.
            ActivityStopped = span =>
            {
                if (span.Links.Any(link => link.Context.SpanId == call.SpanId))
                    ended.Enqueue(span);
            },
        };
        ActivitySource.AddActivityListener(listener);
        var settings = new BatchSettings { FirstUnitLines = 40, UnitsPerVehicle = 1, TakeOverGrace = TimeSpan.FromMilliseconds(50) };
        var lost = new UnitVehicle("V-1") { IsMute = true, Expected = 40 };
        string id;
        await using (var first = Start(settings))
        {
            lost.Connect(first);
            id = await first.CreateAsync(await first.UploadAsync(Enumerable.Range(0, 40).Select(i => BatchSeed.Line(i))), trace: call);
            await lost.RanExpected.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }

        // A lease that goes on is not over, whoever has the office.
        Assert.Empty(ended);
        await using var second = Start(settings);
        new UnitVehicle("V-2").Connect(second);
        await second.UntilAsync(id, IsOver);
        Assert.Equal(
            [("mesh.batch.finish", "completed"), ("mesh.batch.unit", "done"), ("mesh.batch.unit", "lost")],
            ended.Select(span => (span.OperationName, (string?)(span.GetTagItem("mesh.batch.unit.end") ?? span.GetTagItem("mesh.batch.status")))).Order());
        Assert.All(ended, span => Assert.Equal((default, id), (span.ParentSpanId, span.GetTagItem("mesh.batch.id"))));
        Assert.Equal(call.TraceId, Assert.Single(ended.First().Links).Context.TraceId);
    }

    [JournalFact]
    public async Task Lines_of_a_vehicle_that_does_not_come_back_run_elsewhere()
    {
        await using var seed = Start(new BatchSettings { ReturnGrace = TimeSpan.FromMilliseconds(50) });
        var lost = new UnitVehicle("V-1") { IsMute = true, Expected = 64 };
        lost.Connect(seed);
        var id = await seed.CreateAsync(await seed.UploadAsync(Enumerable.Range(0, 200).Select(i => BatchSeed.Line(i))));
        await lost.RanExpected.Task.WaitAsync(TimeSpan.FromSeconds(60));
        lost.Disconnect();
        var other = new UnitVehicle("V-2");
        other.Connect(seed);
        var batch = await seed.UntilAsync(id, IsOver);
        Assert.Equal((BatchStatus.Completed, 200), (batch.Status, batch.Completed));
        await AssertAnswersAsync(seed, batch, [.. Enumerable.Range(0, 200)]);

        // Its results come after all: nobody waits for them, and it may forget them.
        lost.IsMute = false;
        lost.Connect(seed);
        await NothingKeptAsync(lost, other);
    }

    [JournalFact]
    public async Task A_line_that_some_vehicles_cannot_run_is_run_by_another_and_one_that_none_can_gets_an_error()
    {
        await using var seed = Start();
        var vehicles = Enumerable.Range(1, 4).Select(i => new UnitVehicle($"V-{i}")).ToList();
        vehicles[0].Judge = line => line.Line == 3 ? AttemptStatus.AttemptFailed : AttemptStatus.AttemptOk;
        foreach (var vehicle in vehicles)
        {
            var others = vehicle.Judge;
            vehicle.Judge = line => line.Line switch
            {
                5 => AttemptStatus.AttemptFailed,
                6 => AttemptStatus.AttemptInvalid,
                _ => others(line),
            };
            vehicle.Connect(seed);
        }

        var batch = await seed.UntilAsync(
            await seed.CreateAsync(await seed.UploadAsync(Enumerable.Range(0, 10).Select(i => BatchSeed.Line(i)))), IsOver);
        Assert.Equal((BatchStatus.Completed, 8, 2), (batch.Status, batch.Completed, batch.Failed));
        await AssertAnswersAsync(seed, batch, [0, 1, 2, 3, 4, 7, 8, 9]);
        var errors = (await seed.ReadAsync(batch.ErrorFileId)).ToDictionary(
            e => e.GetProperty("custom_id").GetString()!, e => e.GetProperty("response").GetProperty("status_code").GetInt32());
        Assert.Equal(new Dictionary<string, int> { ["line-5"] = 500, ["line-6"] = 400 }, errors);
    }

    [JournalFact]
    public async Task A_cancelled_batch_publishes_what_it_has_and_an_error_line_for_the_rest()
    {
        await using var seed = Start();
        var vehicle = new UnitVehicle("V-1") { IsMute = true, Expected = 1 };
        vehicle.Connect(seed);
        var id = await seed.CreateAsync(await seed.UploadAsync(Enumerable.Range(0, 100).Select(i => BatchSeed.Line(i))));
        await vehicle.RanExpected.Task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(BatchStatus.Cancelling, (await seed.Directory.CancelBatchAsync(id, default))!.Status);
        var batch = await seed.UntilAsync(id, IsOver);
        Assert.Equal((BatchStatus.Cancelled, 100), (batch.Status, batch.Completed + batch.Failed));
        var codes = (await seed.ReadAsync(batch.ErrorFileId)).Select(e => e.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(batch.Failed, codes.Count(code => code == "batch_cancelled"));
    }

    [JournalFact]
    public async Task A_batch_whose_window_ends_expires_with_an_error_line_for_what_was_not_run()
    {
        await using var seed = Start();
        var id = await seed.CreateAsync(
            await seed.UploadAsync(Enumerable.Range(0, 30).Select(i => BatchSeed.Line(i))), TimeSpan.FromMilliseconds(300));
        var batch = await seed.UntilAsync(id, IsOver);
        Assert.Equal(BatchStatus.Expired, batch.Status);
        Assert.All(await seed.ReadAsync(batch.ErrorFileId), e => Assert.Equal("batch_expired", e.GetProperty("error").GetProperty("code").GetString()));
        Assert.Equal(batch.Total, batch.Failed);
    }

    /// <summary>A partition may leave an old router alive: what it journals fails, so it stops, and no line gets a second outcome.</summary>
    [JournalFact]
    public async Task A_router_of_an_older_term_writes_no_outcome()
    {
        var settings = new BatchSettings { FirstUnitLines = 20, UnitsPerVehicle = 1 };
        await using var older = Start(settings);
        var cut = new UnitVehicle("V-1") { IsMute = true, Expected = 20 };
        cut.Connect(older);
        var id = await older.CreateAsync(await older.UploadAsync(Enumerable.Range(0, 20).Select(i => BatchSeed.Line(i))));
        await cut.RanExpected.Task.WaitAsync(TimeSpan.FromSeconds(60));

        await using var newer = Start(settings with { TakeOverGrace = TimeSpan.FromMilliseconds(50) });
        var vehicle = new UnitVehicle("V-2");
        vehicle.Connect(newer);
        var batch = await newer.UntilAsync(id, IsOver);
        Assert.Equal((BatchStatus.Completed, 20), (batch.Status, batch.Completed));

        cut.IsMute = false;
        cut.TellKept();
        await older.StoppedAsync();
        // It said no term any more, and acknowledged nothing that it could not record.
        Assert.Equal((0UL, 20), (older.Streams.CurrentTerm, cut.Kept));
        Assert.Equal(batch, await newer.Directory.FindBatchAsync(id, default), SameCounts);
        await AssertAnswersAsync(newer, batch, [.. Enumerable.Range(0, 20)]);
    }

    [JournalFact]
    public async Task Results_of_units_that_are_not_its_own_change_nothing()
    {
        await using var seed = Start(new BatchSettings { FirstUnitLines = 10, UnitsPerVehicle = 1 });
        var (vehicle, stranger) = (new UnitVehicle("V-1") { IsMute = true, Expected = 10 }, new UnitVehicle("V-2"));
        vehicle.Connect(seed);
        var id = await seed.CreateAsync(await seed.UploadAsync(Enumerable.Range(0, 10).Select(i => BatchSeed.Line(i))));
        await vehicle.RanExpected.Task.WaitAsync(TimeSpan.FromSeconds(60));
        stranger.Connect(seed);
        var unit = vehicle.FirstUnit;
        stranger.TellForeign(unit, 3);
        stranger.TellForeign(unit + 99, 3);
        // A line of another unit, one twice, and at last everything twice.
        vehicle.TellForeign(unit, 77);
        vehicle.TellKept(unit, 0);
        vehicle.TellKept(unit, 0);
        vehicle.IsMute = false;
        vehicle.TellKept();
        var batch = await seed.UntilAsync(id, IsOver);
        await AssertAnswersAsync(seed, batch, [.. Enumerable.Range(0, 10)]);
        await NothingKeptAsync(vehicle);
        vehicle.TellForeign(unit, 0);
        Assert.Equal(
            (10, 2, 2, 1, 1),
            (seed.Results(ResultKind.Accepted),
                seed.Results(ResultKind.Duplicate),
                seed.Results(ResultKind.Unknown),
                seed.Results(ResultKind.Unauthorised),
                seed.Results(ResultKind.Stale)));
    }

    [JournalFact]
    public async Task A_batch_ends_though_its_model_is_gone_and_then_also_its_input()
    {
        var models = Directory.CreateTempSubdirectory("mesh-no-models-");
        var settings = new BatchSettings { RetryPause = TimeSpan.FromMilliseconds(10) };
        string one, other, input;
        await using (var first = Start(settings))
        {
            one = await first.CreateAsync(await first.UploadAsync(Enumerable.Range(0, 30).Select(i => BatchSeed.Line(i))));
            input = await first.UploadAsync(Enumerable.Range(50, 20).Select(i => BatchSeed.Line(i)));
            other = await first.CreateAsync(input);
            await first.UntilAsync(one, batch => batch.Status == BatchStatus.InProgress);
            await first.UntilAsync(other, batch => batch.Status == BatchStatus.InProgress);
        }

        await using var second = new BatchSeed(_journal!, _blobs!, settings, models.FullName);
        await second.Blobs.DeleteAsync((await second.Directory.FindFileAsync(input, default))!.Parts[0], default);
        await second.Directory.CancelBatchAsync(one, default);
        await second.Directory.CancelBatchAsync(other, default);
        var batch = await second.UntilAsync(one, IsOver);
        Assert.Equal((BatchStatus.Cancelled, 30, 30), (batch.Status, batch.Total, batch.Failed));
        Assert.Equal(
            Enumerable.Range(0, 30).Select(i => $"line-{i}"),
            (await second.ReadAsync(batch.ErrorFileId)).Select(e => e.GetProperty("custom_id").GetString()));
        var unread = await second.UntilAsync(other, IsOver);
        Assert.Equal((BatchStatus.Cancelled, 20, 20), (unread.Status, unread.Total, unread.Failed));
        models.Delete();
    }

    [JournalFact]
    public async Task A_store_that_fails_in_whatever_way_is_tried_again()
    {
        // As many parts as lines: they have to be joined.
        var settings = new BatchSettings { FirstUnitLines = 1, MaxUnitLines = 1, RetryPause = TimeSpan.FromMilliseconds(10) };
        var blobs = new FailingBlobs(_blobs!) { Reads = 2, Writes = 2, Joins = 2 };
        await using var seed = new BatchSeed(_journal!, blobs, settings);
        var vehicle = new UnitVehicle("V-1");
        vehicle.Connect(seed);
        var lines = BatchDesk.MaxParts + 10;
        var batch = await seed.UntilAsync(
            await seed.CreateAsync(await seed.UploadAsync(Enumerable.Range(0, lines).Select(i => BatchSeed.Line(i)))), IsOver);
        Assert.Equal((BatchStatus.Completed, lines), (batch.Status, batch.Completed));
        Assert.Equal((0, 0, 0), (blobs.Reads, blobs.Writes, blobs.Joins));
        await AssertAnswersAsync(seed, batch, [.. Enumerable.Range(0, lines)]);
    }

    [JournalFact]
    public async Task A_vehicle_drops_a_unit_of_an_earlier_term_that_is_given_to_another()
    {
        var settings = new BatchSettings { FirstUnitLines = 10, UnitsPerVehicle = 1, TakeOverGrace = TimeSpan.FromMilliseconds(50) };
        var vehicle = new UnitVehicle("V-1") { IsMute = true, Expected = 10 };
        await using (var first = Start(settings))
        {
            vehicle.Connect(first);
            await first.CreateAsync(await first.UploadAsync(Enumerable.Range(0, 10).Select(i => BatchSeed.Line(i))));
            await vehicle.RanExpected.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }

        await using var second = Start(settings);
        vehicle.Connect(second);
        Assert.Equal(vehicle.FirstUnit, await vehicle.Cancelled.Task.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    protected abstract Task<(JournalSettings Journal, IBlobStore Blobs)> CreateAsync();

    private static bool IsOver(BatchEntry batch) =>
        batch.Status is BatchStatus.Failed or BatchStatus.Completed or BatchStatus.Expired or BatchStatus.Cancelled;

    private static bool SameCounts(BatchEntry? one, BatchEntry? other) =>
        (one!.Status, one.Completed, one.Failed, one.OutputFileId) == (other!.Status, other.Completed, other.Failed, other.OutputFileId);

    private BatchSeed Start(BatchSettings? settings = null) => new(_journal!, _blobs!, settings);

    /// <summary>Each of these lines once, with the answer to its own picture; nothing else.</summary>
    private static async Task AssertAnswersAsync(BatchSeed seed, BatchEntry batch, IReadOnlyList<int> lines)
    {
        var output = await seed.ReadAsync(batch.OutputFileId);
        Assert.Equal(lines.Select(i => $"line-{i}").Order(), output.Select(line => line.GetProperty("custom_id").GetString()).Order());
        foreach (var line in output)
        {
            var number = int.Parse(line.GetProperty("custom_id").GetString()![5..], CultureInfo.InvariantCulture);
            Assert.Equal(200, line.GetProperty("response").GetProperty("status_code").GetInt32());
            var data = line.GetProperty("response").GetProperty("body").GetProperty("outputs")[0].GetProperty("data");
            Assert.All(data.EnumerateArray(), value => Assert.Equal(number, value.GetSingle()));
        }
    }

    /// <summary>Acknowledgements follow the record, a moment later.</summary>
    private static async Task NothingKeptAsync(params UnitVehicle[] vehicles)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var interval = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (vehicles.Any(vehicle => vehicle.Kept > 0))
            await interval.WaitForNextTickAsync(limit.Token);
    }
}

/// <summary>On the embedded default.</summary>
public sealed class BatchJobOnSqliteTests : BatchJobSpec
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mesh-batch-").FullName;

    public override Task DisposeAsync()
    {
        // The pool keeps the file open.
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
        return Task.CompletedTask;
    }

    protected override Task<(JournalSettings Journal, IBlobStore Blobs)> CreateAsync() =>
        Task.FromResult((JournalSettings.Sqlite(_folder), (IBlobStore)new FolderBlobStore(Path.Combine(_folder, "blobs"))));
}

/// <summary>On what a region of several seeds uses.</summary>
[NeedsPostgres]
public sealed class BatchJobOnPostgresTests : BatchJobSpec
{
    protected override async Task<(JournalSettings Journal, IBlobStore Blobs)> CreateAsync()
    {
        var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        return (JournalSettings.Parse(database), new PostgresBlobStore(database));
    }
}
