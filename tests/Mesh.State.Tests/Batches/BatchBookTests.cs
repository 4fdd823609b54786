using System.Diagnostics;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Batches;

namespace Mesh.State.Tests.Batches;

/// <summary>What clients may ask for, and what they are told.</summary>
public sealed class BatchBookTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly BatchBook _book = new();
    private BatchSettings _settings = new();
    private DateTimeOffset _now = Start;

    public BatchBookTests()
    {
        Ask(new AddFile(File("file-1")));
    }

    [Fact]
    public void The_same_request_within_ten_minutes_is_the_same_batch()
    {
        var first = Create("batch_1");
        Pass(minutes: 9);
        Assert.Equal(first.Id, Create("batch_2").Id);
        Assert.Single(_book.Batches);
        Pass(minutes: 2);
        Assert.Equal("batch_3", Create("batch_3").Id);
    }

    [Fact]
    public void A_call_that_is_repeated_in_another_trace_is_the_same_batch_and_the_first_trace_stays()
    {
        var (one, other) = (Trace(), Trace());
        Create("batch_1", Request() with { Trace = one });
        Assert.Equal(("batch_1", one), (Create("batch_2", Request() with { Trace = other }).Id, _book.Batches["batch_1"].Entry.Request.Trace));
        Create("batch_3", Request() with { IdempotencyKey = "k", Trace = one });
        Assert.Equal(("batch_3", one), (Create("batch_4", Request() with { IdempotencyKey = "k", Trace = other }).Id, _book.Batches["batch_3"].Entry.Request.Trace));

        static ActivityContext Trace() => new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);
    }

    [Fact]
    public void Another_window_or_other_metadata_is_another_batch()
    {
        Create("batch_1");
        Assert.Equal("batch_2", Create("batch_2", Request() with { Window = TimeSpan.FromHours(1), WindowText = "1h" }).Id);
        var metadata = new Dictionary<string, string> { ["a"] = "1" };
        Assert.Equal("batch_3", Create("batch_3", Request() with { Metadata = metadata }).Id);
        Assert.Equal("batch_3", Create("batch_4", Request() with { Metadata = new Dictionary<string, string>(metadata) }).Id);
    }

    [Fact]
    public void An_idempotency_key_makes_one_batch_for_ever_and_a_new_key_another()
    {
        var first = Create("batch_1", Request() with { IdempotencyKey = "k1" });
        Assert.Equal("batch_2", Create("batch_2", Request() with { IdempotencyKey = "k2" }).Id);
        Pass(minutes: 600);
        Assert.Equal(first.Id, Create("batch_3", Request() with { IdempotencyKey = "k1" }).Id);
        var refused = Refused(new CreateBatch("batch_4", Request() with { IdempotencyKey = "k1", Endpoint = "/v2/models/b/infer" }));
        Assert.Equal((BatchRefusal.Conflict, "idempotency_key_reused"), (refused.Refusal, refused.Code));
    }

    [Fact]
    public void A_call_that_is_asked_again_does_nothing_twice()
    {
        Create("batch_1", Request() with { IdempotencyKey = "k" });
        Create("batch_1", Request() with { IdempotencyKey = "k" });
        Ask(new AddFile(File("file-1")));
        Ask(new CancelBatch("batch_1"));
        Assert.Equal(BatchStatus.Cancelling, Assert.IsType<BatchAnswer>(Ask(new CancelBatch("batch_1"))).Batch!.Status);
        Assert.Equal((1, 1), (_book.Batches.Count, _book.Files.Count));
    }

    [Theory]
    [InlineData("file-9", "there is no file file-9")]
    [InlineData("file-2", "file file-2 has purpose 'batch_output', not 'batch'")]
    public void A_batch_needs_a_file_of_the_right_purpose(string file, string message)
    {
        Ask(new AddFile(File("file-2") with { Purpose = "batch_output" }));
        var refused = Refused(new CreateBatch("batch_1", Request() with { InputFileId = file }));
        Assert.Equal(
            (BatchRefusal.Invalid, message, "invalid_input_file_id", "input_file_id"), (refused.Refusal, refused.Message, refused.Code, refused.Param));
    }

    [Fact]
    public void An_expired_file_is_not_there()
    {
        Ask(new AddFile(File("file-2") with { ExpiresAt = Start.AddHours(1) }));
        Assert.NotNull(Assert.IsType<FileAnswer>(Ask(new GetFile("file-2"))).File);
        Pass(minutes: 60);
        Assert.Null(Assert.IsType<FileAnswer>(Ask(new GetFile("file-2"))).File);
        Assert.Equal(["file-1"], Assert.IsType<FilePage>(Ask(new ListFiles(null, null, 10, true))).Files.Select(file => file.Id));
        Assert.Equal(BatchRefusal.Invalid, Refused(new CreateBatch("batch_1", Request() with { InputFileId = "file-2" })).Refusal);
    }

    [Fact]
    public void A_file_that_a_batch_reads_stays_until_the_batch_has_ended()
    {
        Create("batch_1");
        Assert.Equal((BatchRefusal.Conflict, "file_in_use"), (Refused(new RemoveFile("file-1")).Refusal, Refused(new RemoveFile("file-1")).Code));
        Apply(new BatchFailed("batch_1", [new BatchFault("empty_batch", "no lines", null, null)], _now));
        Assert.NotNull(Assert.IsType<FileAnswer>(Ask(new RemoveFile("file-1"))).File);
        Assert.Null(Assert.IsType<FileAnswer>(Ask(new RemoveFile("file-1"))).File);
    }

    [Fact]
    public void A_batch_that_has_ended_cannot_be_cancelled()
    {
        Create("batch_1");
        Apply(new BatchFailed("batch_1", [], _now));
        Assert.Equal(BatchRefusal.Conflict, Refused(new CancelBatch("batch_1")).Refusal);
        Assert.Null(Assert.IsType<BatchAnswer>(Ask(new CancelBatch("batch_9"))).Batch);
    }

    [Fact]
    public void Files_and_batches_are_bounded()
    {
        _settings = new BatchSettings { MaxFiles = 2, MaxActive = 1 };
        Ask(new AddFile(File("file-2")));
        Assert.Equal(BatchRefusal.Overloaded, Refused(new AddFile(File("file-3"))).Refusal);
        Assert.Equal(BatchRefusal.Overloaded, Refused(new CheckRoom()).Refusal);
        Create("batch_1");
        Assert.Equal(BatchRefusal.Overloaded, Refused(new CreateBatch("batch_2", Request() with { InputFileId = "file-2" })).Refusal);
    }

    [Fact]
    public void Lists_are_walked_page_by_page()
    {
        for (var i = 2; i <= 5; i++)
            Ask(new AddFile(File($"file-{i}")));
        for (var i = 1; i <= 4; i++)
            Create($"batch_{i}", Request() with { InputFileId = $"file-{i}" });
        Assert.Equal("file-5 file-4 …", Walk(new ListFiles(null, null, 2, false)));
        Assert.Equal("file-2 file-1", Walk(new ListFiles("batch", "file-3", 2, false)));
        Assert.Equal("file-4 file-5", Walk(new ListFiles(null, "file-3", 9, true)));
        Assert.Equal("", Walk(new ListFiles("batch_output", null, 9, true)));
        Assert.Equal("batch_2 …", Walk(new ListBatches("batch_3", 1)));
        Assert.Equal("batch_4 batch_3 batch_2 batch_1", Walk(new ListBatches(null, 10)));
        Assert.Equal("after", Refused(new ListBatches("batch_9", 1)).Param);
    }

    [Fact]
    public void Content_that_was_just_removed_is_not_taken_again_at_once()
    {
        Ask(new RemoveFile("file-1"));
        Apply(new BlobsRemoved([Blob(1)], _now));
        Assert.Equal(BatchRefusal.Unavailable, Refused(new AddFile(File("file-2"))).Refusal);
        Pass(minutes: 3);
        Assert.IsType<FileAnswer>(Ask(new AddFile(File("file-2"))));
    }

    [Fact]
    public void A_second_outcome_of_a_line_is_never_accepted()
    {
        Create("batch_1");
        Apply(new BatchValidated("batch_1", 10, _now));
        Apply(new UnitStarted("batch_1", 1, new VehicleId("V-1"), [new(0, 5)], _now));
        var first = Outcomes(1, done: [new(0, 2)]);
        Assert.True(_book.Accepts(first));
        Apply(first);
        Assert.False(_book.Accepts(first));
        Assert.False(_book.Accepts(Outcomes(1, done: [new(2, 1)], failed: [new(2, 1)])));
        Assert.False(_book.Accepts(Outcomes(1, done: [new(4, 2)])));
        Assert.False(_book.Accepts(Outcomes(2, done: [new(2, 1)])));
        Assert.False(_book.Accepts(Outcomes(0, done: [new(2, 1)])));
        Assert.True(_book.Accepts(Outcomes(0, failed: [new(5, 5)])));
        Assert.True(_book.Accepts(Outcomes(1, done: [new(2, 3)])));
    }

    private string Walk(IBatchCall list) => Ask(list) switch
    {
        FilePage page => string.Join(' ', page.Files.Select(file => file.Id)) + (page.HasMore ? " …" : ""),
        BatchPage page => string.Join(' ', page.Batches.Select(batch => batch.Id)) + (page.HasMore ? " …" : ""),
        var other => other.ToString()!,
    };

    private OutcomesRecorded Outcomes(ulong unit, LineRange[]? done = null, LineRange[]? failed = null) =>
        new("batch_1", [new UnitOutcomes(unit, done ?? [], failed ?? [])], null, null, _now);

    private static BlobReference Blob(int number) => new(new ArtifactHash(number.ToString("x64", null)), 10);

    private FileEntry File(string id) => new(id, "in.jsonl", "batch", _now, null, [Blob(1)]);

    private static NewBatch Request() => new("file-1", "/v2/models/a/infer", TimeSpan.FromHours(24), "24h", null, null, null);

    private BatchEntry Create(string id, NewBatch? request = null) =>
        Assert.IsType<BatchAnswer>(Ask(new CreateBatch(id, request ?? Request()))).Batch!;

    private BatchCallRefused Refused(IBatchCall call) => Assert.IsType<BatchCallRefused>(Ask(call));

    private IMeshMessage Ask(IBatchCall call)
    {
        var decision = _book.Decide(call, _now, _settings);
        foreach (var change in decision.Events)
            Apply(change);
        return decision.Answer(_book);
    }

    private void Apply(IBatchEvent change) => _book.Apply(change, 1);

    private void Pass(int minutes) => _now += TimeSpan.FromMinutes(minutes);
}
