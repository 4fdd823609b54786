using System.Globalization;
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
    public async Task What_works_a_batch_off_is_in_traces_of_its_own_linked_to_the_call_that_asked_for_it()
    {
        ExportedSpan? call = null;
        List<ExportedSpan> linked = [];
        await ChurningRegion.UntilAsync(
            () =>
            {
                call = observed.Collector.Spans.SingleOrDefault(span => span.Trace == observed.BatchTrace && span.Name == "POST /v1/batches");
                linked = call is null ? [] : [.. observed.Collector.Spans.Where(span => span.Links.Contains((call.Trace, call.Id))).OrderBy(span => span.Name)];
                // As many units as vehicles that take a line each.
                return Task.FromResult(linked.Where(IsUnit).Sum(Lines) == 2 && !linked.TrueForAll(IsUnit));
            },
            TestMesh.Limit,
            "the spans of the units and of the end of their batch");
        Assert.Equal(observed.ClientSpan, call!.Parent);
        Assert.Equal(["mesh.batch.finish", "mesh.batch.unit"], linked.Select(span => span.Name).Distinct());
        Assert.All(linked, span => Assert.Equal(("", "mesh-seed", false), (span.Parent, span.Service, span.Failed)));
        Assert.Equal(linked.Count + 1, linked.Select(span => span.Trace).Append(observed.BatchTrace).Distinct().Count());
        var (finish, units) = (linked[0].Attributes, linked.Where(IsUnit).Select(span => span.Attributes).ToList());
        // One line of two was wrong, which the seed itself found.
        Assert.Equal(("completed", "2", "1", "1"), (finish["mesh.batch.status"], finish["mesh.batch.lines.total"], finish["mesh.batch.lines.completed"], finish["mesh.batch.lines.failed"]));
        Assert.Equal(1, units.Sum(unit => int.Parse(unit["mesh.batch.unit.answered"], CultureInfo.InvariantCulture)));
        Assert.All(units, unit =>
        {
            Assert.Equal(("done", "pair/1", finish["mesh.batch.id"]), (unit["mesh.batch.unit.end"], unit["mesh.model"], unit["mesh.batch.id"]));
            Assert.Contains(unit["mesh.vehicle.id"], observed.Mesh.Vehicles.Select(vehicle => vehicle.Id.Value));
        });

        static bool IsUnit(ExportedSpan span) => span.Name == "mesh.batch.unit";

        static int Lines(ExportedSpan unit) => int.Parse(unit.Attributes["mesh.batch.unit.lines"], CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task A_batch_that_failed_ends_with_an_error()
    {
        ExportedSpan? finish = null;
        await ChurningRegion.UntilAsync(
            () => Task.FromResult((finish = observed.Collector.Spans.SingleOrDefault(
                span => span.Name == "mesh.batch.finish" && span.Attributes["mesh.batch.status"] == "failed")) is not null),
            TestMesh.Limit,
            "the span of the batch that failed");
        Assert.Equal((true, "failed"), (finish!.Failed, finish.Attributes["error.type"]));
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
