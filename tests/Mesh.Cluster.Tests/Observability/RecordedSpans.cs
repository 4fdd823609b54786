using System.Collections.Concurrent;
using System.Diagnostics;
using Mesh.Cluster.Tests.Hosting;

namespace Mesh.Cluster.Tests.Observability;

/// <summary>Keeps the spans of some sources, of traces that their client had recorded.</summary>
internal sealed class RecordedSpans : IDisposable
{
    private readonly ConcurrentQueue<Activity> _ended = [];
    private readonly ActivityListener _listener;

    public RecordedSpans(params string[] sources)
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => sources.Contains(source.Name),
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => options.Parent.TraceFlags == ActivityTraceFlags.Recorded
                ? ActivitySamplingResult.AllDataAndRecorded
                : ActivitySamplingResult.None,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public IReadOnlyList<Activity> Of(ActivityTraceId trace) => [.. _ended.Where(span => span.TraceId == trace)];

    /// <summary>The one span of that name, once it has ended.</summary>
    public async Task<Activity> OneAsync(ActivityTraceId trace, string name)
    {
        await InProcessRegion.UntilAsync(() => Of(trace).Any(span => span.OperationName == name), $"a span {name}");
        return Assert.Single(Of(trace), span => span.OperationName == name);
    }

    public void Dispose() => _listener.Dispose();
}
