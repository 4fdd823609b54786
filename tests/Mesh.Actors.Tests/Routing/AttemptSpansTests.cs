using System.Collections.Concurrent;
using System.Diagnostics;
using Mesh.Hosting.Observability;
using Mesh.Messages.Work;
using Mesh.Seed.Routing;

namespace Mesh.Actors.Tests.Routing;

/// <summary>What a traced request leaves, with vehicles that answer, vanish and tell of themselves.</summary>
public sealed class AttemptSpansTests : IDisposable
{
    private readonly ActivitySource _client = new("AttemptSpansTests");
    private readonly ConcurrentQueue<Activity> _ended = [];
    private readonly ActivityListener _listener;

    public AttemptSpansTests()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == MeshSpans.SeedSourceName || source == _client,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Source == _client || options.Parent.TraceFlags == ActivityTraceFlags.Recorded
                    ? ActivitySamplingResult.AllDataAndRecorded
                    : ActivitySamplingResult.None,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _client.Dispose();
    }

    [Fact]
    public async Task A_request_that_was_tried_twice_has_two_attempts_in_one_tree()
    {
        await using var seed = new DispatcherFixture();
        await seed.StartedAsync();
        var first = seed.Connect("V-1");
        using var client = _client.StartActivity("client")!;
        var asking = seed.InferAsync();
        var lost = await first.RequestAsync();
        var second = seed.Connect("V-2");
        first.Disconnect();
        var answered = await second.RequestAsync();
        second.Answer(answered, 7);
        Assert.Equal(RequestOutcome.Ok, (await asking).Outcome);

        var mine = _ended.Where(span => span.TraceId == client.TraceId).ToList();
        var route = Assert.Single(mine, span => span.OperationName == MeshSpans.Route);
        Assert.Equal((client.SpanId, "ok", 2), (route.ParentSpanId, route.GetTagItem("mesh.request.outcome"), route.GetTagItem("mesh.request.attempts")));
        var attempts = mine.Where(span => span.OperationName == MeshSpans.Attempt).OrderBy(span => span.GetTagItem("mesh.attempt.number")).ToList();
        Assert.All(attempts, attempt => Assert.Equal(route.SpanId, attempt.ParentSpanId));
        Assert.Equal(["V-1 lost Error lost", "V-2 answered Unset "], attempts.Select(
            attempt => $"{attempt.GetTagItem("mesh.vehicle.id")} {attempt.GetTagItem("mesh.attempt.end")} {attempt.Status} {attempt.GetTagItem("error.type")}"));
        // Each vehicle was told its own attempt, and what the second spent is within its own.
        Assert.Equal([.. attempts.Select(attempt => attempt.SpanId)], new[] { lost, answered }.Select(request => WireTrace.FromWire(request.Trace).SpanId));
        var infer = Assert.Single(mine, span => span.OperationName == MeshSpans.Infer);
        Assert.Equal(attempts[1].SpanId, infer.ParentSpanId);
        // It said 1 ms; an attempt that was out for less is not believed to have run longer.
        Assert.InRange(infer.Duration, TimeSpan.FromTicks(1), TimeSpan.FromMilliseconds(1));
        Assert.InRange(infer.StartTimeUtc, attempts[1].StartTimeUtc - TimeSpan.FromMilliseconds(1), attempts[1].StartTimeUtc + attempts[1].Duration);
        Assert.Same(client, Activity.Current);
    }

    [Fact]
    public async Task A_dispatcher_that_ends_ends_the_spans_of_its_attempts()
    {
        await using var seed = new DispatcherFixture();
        await seed.StartedAsync();
        var vehicle = seed.Connect("V-1");
        using var client = _client.StartActivity("client")!;
        var asking = seed.InferAsync();
        await vehicle.RequestAsync();
        seed.Kit.Sys.Stop(seed.Dispatcher);
        Assert.Equal(RequestOutcome.Unavailable, (await asking).Outcome);
        var attempt = Assert.Single(_ended, span => span.TraceId == client.TraceId && span.OperationName == MeshSpans.Attempt);
        Assert.Equal("lost", attempt.GetTagItem("mesh.attempt.end"));
        var route = Assert.Single(_ended, span => span.TraceId == client.TraceId && span.OperationName == MeshSpans.Route);
        Assert.Equal((ActivityStatusCode.Error, "unavailable", "unavailable"), (route.Status, route.GetTagItem("error.type"), route.GetTagItem("mesh.request.outcome")));
    }

    [Fact]
    public async Task What_is_not_recorded_is_neither_made_nor_sent()
    {
        await using var seed = new DispatcherFixture();
        await seed.StartedAsync();
        var vehicle = seed.Connect("V-1");
        var asking = seed.InferAsync();
        var request = await vehicle.RequestAsync();
        Assert.True(request.Trace.IsEmpty);
        vehicle.Answer(request, 7);
        await asking;
        Assert.DoesNotContain(_ended, span => span.OperationName == MeshSpans.Attempt && span.GetTagItem("mesh.vehicle.id") as string == "V-1" && span.ParentId is null);
    }
}
