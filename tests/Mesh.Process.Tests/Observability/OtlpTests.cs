using Mesh.Process.Tests.Churn;
using Mesh.Process.Tests.Meshes;

namespace Mesh.Process.Tests.Observability;

/// <summary>What a collector gets of a seed (by its setting) and of vehicles (by OpenTelemetry's variables).</summary>
[Collection(OnObservedMesh.Name)]
public sealed class OtlpTests(ObservedMesh observed)
{
    [Fact]
    public async Task A_request_s_spans_come_from_both_programs_and_make_one_tree()
    {
        IReadOnlyList<ExportedSpan> spans = [];
        await ChurningRegion.UntilAsync(
            () => Task.FromResult((spans = [.. observed.Collector.Spans.Where(span => span.Trace == observed.Trace)]).Count >= 6), TestMesh.Limit, "six spans");
        var server = Assert.Single(spans, span => span.Parent == observed.ClientSpan);
        Assert.Equal(("mesh-seed", "POST /v2/models/{model}/infer"), (server.Service, server.Name));
        Assert.Equal("200", server.Attributes["http.response.status_code"]);
        var route = Assert.Single(spans, span => span.Parent == server.Id);
        Assert.Equal(("mesh-seed", "mesh.route", "pair/1"), (route.Service, route.Name, route.Attributes["mesh.model"]));
        var attempt = Assert.Single(spans, span => span.Parent == route.Id);
        Assert.Equal(("mesh-seed", "mesh.attempt", "answered"), (attempt.Service, attempt.Name, attempt.Attributes["mesh.attempt.end"]));
        Assert.Equal(
            ["mesh-node mesh.vehicle.infer", "mesh-node mesh.vehicle.load", "mesh-node mesh.vehicle.queue"],
            spans.Where(span => span.Parent == attempt.Id).Select(span => $"{span.Service} {span.Name}").Order(StringComparer.Ordinal));
        Assert.Equal(6, spans.Count);
    }

    [Fact]
    public void Spans_hold_neither_what_was_asked_nor_an_exact_place()
    {
        var values = observed.Collector.Spans.SelectMany(span => span.Attributes.Values).ToList();
        Assert.NotEmpty(values);
        foreach (var secret in ObservedMesh.Secrets)
            Assert.DoesNotContain(values, value => value.Contains(secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Probes_and_work_streams_make_no_spans()
    {
        await observed.Mesh.Rest.GetAsync("/v2/health/ready");
        await observed.Mesh.Rest.GetAsync("/v2/models/pair");
        await ChurningRegion.UntilAsync(
            () => Task.FromResult(observed.Collector.Spans.Any(span => span.Name == "GET /v2/models/{model}")), TestMesh.Limit, "the span of a client's call");
        Assert.DoesNotContain(observed.Collector.Spans, span => span.Name.Contains("health", StringComparison.Ordinal)
            || span.Name.Contains("WorkStream", StringComparison.Ordinal) || span.Name.Contains("artifacts", StringComparison.Ordinal));
    }

    [Fact]
    public Task Metrics_come_from_both_programs() => ChurningRegion.UntilAsync(
        () => Task.FromResult(
            observed.Collector.MetricUnits.ContainsKey(("mesh-seed", "mesh.requests"))
            && observed.Collector.MetricUnits.ContainsKey(("mesh-seed", "http.server.request.duration"))
            && observed.Collector.MetricUnits.ContainsKey(("mesh-node", "mesh.vehicle.inferences"))),
        TestMesh.Limit,
        "metrics of the seed and of a vehicle");
}
