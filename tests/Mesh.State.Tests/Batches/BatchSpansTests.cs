using System.Collections.Concurrent;
using System.Diagnostics;
using Mesh.Hosting.Observability;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Batches;

namespace Mesh.State.Tests.Batches;

public sealed class BatchSpansTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly ModelReference Model = new("fashion_cnn", "1", new ArtifactHash(new string('a', 64)), 1000);

    private readonly ActivityContext _cause = new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded, isRemote: true);
    private readonly ConcurrentQueue<Activity> _ended = [];
    private readonly ActivityListener _listener;

    public BatchSpansTests()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == MeshSpans.SeedSourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Name.StartsWith("mesh.batch.", StringComparison.Ordinal) ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public void Dispose() => _listener.Dispose();

    [Theory]
    [InlineData(null, "done", null)]
    [InlineData(UnitEnd.HandedBack, "handed_back", null)]
    [InlineData(UnitEnd.Withdrawn, "withdrawn", null)]
    [InlineData(UnitEnd.Lost, "lost", "lost")]
    [InlineData(UnitEnd.Failed, "failed", "failed")]
    public void A_unit_is_a_trace_of_its_own_linked_to_the_call_that_asked_for_its_batch(UnitEnd? how, string end, string? error)
    {
        using var other = new Activity("whatever goes on here").Start();
        BatchSpans.UnitEnded(
            _cause, "batch_1", Model, new EndedUnit(7, new VehicleId("V-1"), [new LineRange(0, 60), new LineRange(90, 4)], 50, how, Start), Start.AddSeconds(5));
        var span = Linked();
        Assert.Equal((default, ActivityKind.Consumer), (span.ParentSpanId, span.Kind));
        Assert.DoesNotContain(span.TraceId, new[] { _cause.TraceId, other.TraceId });
        Assert.Equal((Start.UtcDateTime, TimeSpan.FromSeconds(5)), (span.StartTimeUtc, span.Duration));
        Assert.Equal(
            ["batch_1", "fashion_cnn/1", "V-1", 7L, 64, 50, end],
            new[] { "mesh.batch.id", "mesh.model", "mesh.vehicle.id", "mesh.batch.unit.id", "mesh.batch.unit.lines", "mesh.batch.unit.answered", "mesh.batch.unit.end" }
                .Select(span.GetTagItem));
        Assert.Equal(error, span.GetTagItem("error.type"));
        Assert.Equal(error is null ? ActivityStatusCode.Unset : ActivityStatusCode.Error, span.Status);
        Assert.Same(other, Activity.Current);
    }

    [Theory]
    [InlineData(BatchStatus.Completed, "completed", null)]
    [InlineData(BatchStatus.Cancelled, "cancelled", null)]
    [InlineData(BatchStatus.Expired, "expired", "expired")]
    [InlineData(BatchStatus.Failed, "failed", "failed")]
    public void A_batch_s_end_tells_its_counts(BatchStatus status, string word, string? error)
    {
        BatchSpans.Finished(Entry(_cause, status), Start.AddSeconds(9));
        var span = Linked();
        Assert.Equal((MeshSpans.BatchFinish, default, TimeSpan.FromSeconds(2)), (span.OperationName, span.ParentSpanId, span.Duration));
        Assert.Equal(
            ["batch_1", word, 64, 60, 4, error],
            new[] { "mesh.batch.id", "mesh.batch.status", "mesh.batch.lines.total", "mesh.batch.lines.completed", "mesh.batch.lines.failed", "error.type" }
                .Select(span.GetTagItem));
    }

    [Fact]
    public void A_batch_whose_call_is_recorded_nowhere_has_none()
    {
        BatchSpans.Finished(Entry(default, BatchStatus.Completed) with { Id = "batch_untraced" }, Start);
        BatchSpans.UnitEnded(default, "batch_untraced", Model, new EndedUnit(7, new VehicleId("V-1"), [], 0, null, Start), Start);
        Assert.DoesNotContain(_ended, span => span.GetTagItem("mesh.batch.id") as string == "batch_untraced");
    }

    [Fact]
    public void The_cause_is_the_call_that_is_served_where_that_is_recorded()
    {
        using var call = new Activity("call").Start();
        Assert.Equal(default, BatchSpans.Cause);
        call.ActivityTraceFlags = ActivityTraceFlags.Recorded;
        Assert.Equal((call.TraceId, call.SpanId), (BatchSpans.Cause.TraceId, BatchSpans.Cause.SpanId));
    }

    private Activity Linked() => Assert.Single(_ended, span => span.Links.Any(link => link.Context.TraceId == _cause.TraceId && link.Context.SpanId == _cause.SpanId));

    private static BatchEntry Entry(ActivityContext cause, BatchStatus status) => new(
        "batch_1",
        new NewBatch("file-1", "/v2/models/fashion_cnn/infer", TimeSpan.FromHours(24), "24h", null, null, null) { Trace = cause },
        status,
        new BatchTimes(Start, Start.AddHours(24)) { FinalizingAt = Start.AddSeconds(7) },
        null,
        null,
        [],
        64,
        60,
        4);
}
