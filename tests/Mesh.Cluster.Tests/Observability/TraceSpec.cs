using System.Diagnostics;
using System.Net.Http.Json;
using Grpc.Core;
using Grpc.Net.Client;
using Mesh.Cluster.Tests.Hosting;
using Mesh.Demo;
using Mesh.Demo.Processes;
using Mesh.Hosting.Observability;
using Mesh.Seed.Ingress.Grpc;

namespace Mesh.Cluster.Tests.Observability;

/// <summary>A client's trace goes through the seed's ingress and router to a vehicle and back, all of it real.</summary>
public sealed class TraceSpec
{
    private const string Server = "Microsoft.AspNetCore.Hosting.HttpRequestIn";
    private const string ServerSource = "Microsoft.AspNetCore";

    private static readonly FashionPictures Pictures = FashionPictures.Load();

    private readonly ActivityTraceId _trace = ActivityTraceId.CreateRandom();
    private readonly ActivitySpanId _client = ActivitySpanId.CreateRandom();

    [Fact]
    public async Task The_seed_tells_what_a_vehicle_spent_that_exports_nothing_itself()
    {
        await using var region = await InProcessRegion.StartAsync("V-001");
        using var spans = new RecordedSpans(ServerSource, MeshSpans.SeedSourceName);
        var traceResponse = await InferAsync(region, "01");

        var server = await spans.OneAsync(_trace, Server);
        Assert.Equal((_client, server.Id), (server.ParentSpanId, traceResponse));
        var attempt = await AssertRoutedAsync(spans, server);
        // The first request there: its model had to be fetched and loaded.
        foreach (var name in new[] { MeshSpans.Queue, MeshSpans.Load, MeshSpans.Infer })
        {
            var span = await spans.OneAsync(_trace, name);
            Assert.Equal((attempt.SpanId, MeshSpans.SeedSourceName), (span.ParentSpanId, span.Source.Name));
            Assert.True(span.Duration > TimeSpan.Zero || name == MeshSpans.Queue, name);
            Assert.InRange(span.StartTimeUtc, attempt.StartTimeUtc.AddMilliseconds(-1), attempt.StartTimeUtc + attempt.Duration);
            Assert.InRange(span.StartTimeUtc + span.Duration, attempt.StartTimeUtc, (attempt.StartTimeUtc + attempt.Duration).AddMilliseconds(1));
        }

        Assert.Equal(6, spans.Of(_trace).Count);
    }

    [Fact]
    public async Task A_vehicle_that_exports_tells_that_itself_and_the_seed_does_not_tell_it_again()
    {
        await using var region = await InProcessRegion.StartAsync("V-001");
        using var spans = new RecordedSpans(ServerSource, MeshSpans.SeedSourceName, MeshSpans.VehicleSourceName);
        using var channel = GrpcChannel.ForAddress(region.Grpc, new GrpcChannelOptions { HttpHandler = new SocketsHttpHandler { UseProxy = false } });
        var request = new ModelInferRequest
        {
            ModelName = "fashion_cnn",
            Inputs =
            {
                new ModelInferRequest.Types.InferInputTensor
                {
                    Name = "image",
                    Datatype = "FP32",
                    Shape = { 1, 1, 28, 28 },
                    Contents = new InferTensorContents { Fp32Contents = { Pictures.Image(0).ToArray() } },
                },
            },
        };
        var call = new GRPCInferenceService.GRPCInferenceServiceClient(channel).ModelInferAsync(
            request, new Metadata { { "traceparent", TraceParent("01") } });
        await call;

        var server = await spans.OneAsync(_trace, Server);
        Assert.Equal((_client, server.Id), (server.ParentSpanId, (await call.ResponseHeadersAsync).GetValue("traceresponse")));
        var attempt = await AssertRoutedAsync(spans, server);
        foreach (var name in new[] { MeshSpans.Queue, MeshSpans.Load, MeshSpans.Infer })
        {
            var span = await spans.OneAsync(_trace, name);
            Assert.Equal((attempt.SpanId, MeshSpans.VehicleSourceName), (span.ParentSpanId, span.Source.Name));
        }

        Assert.Equal(6, spans.Of(_trace).Count);
    }

    [Fact]
    public async Task Of_a_trace_that_its_client_does_not_record_nothing_is_made_but_its_id_is_told()
    {
        await using var region = await InProcessRegion.StartAsync("V-001");
        using var spans = new RecordedSpans(ServerSource, MeshSpans.SeedSourceName, MeshSpans.VehicleSourceName);
        var traceResponse = await InferAsync(region, "00");
        Assert.StartsWith($"00-{_trace}-", traceResponse, StringComparison.Ordinal);
        Assert.DoesNotContain(spans.Of(_trace), span => span.Recorded);
    }

    private async Task<Activity> AssertRoutedAsync(RecordedSpans spans, Activity server)
    {
        var route = await spans.OneAsync(_trace, MeshSpans.Route);
        var attempt = await spans.OneAsync(_trace, MeshSpans.Attempt);
        Assert.Equal(server.SpanId, route.ParentSpanId);
        Assert.Equal(("fashion_cnn/1", "ok"), (route.GetTagItem("mesh.model"), route.GetTagItem("mesh.request.outcome")));
        Assert.Equal(route.SpanId, attempt.ParentSpanId);
        Assert.Equal(("V-001", "answered"), (attempt.GetTagItem("mesh.vehicle.id"), attempt.GetTagItem("mesh.attempt.end")));
        return attempt;
    }

    /// <returns>The header that tells the trace.</returns>
    private async Task<string> InferAsync(InProcessRegion region, string flags)
    {
        using var http = LoopbackHttp.NewClient();
        using var content = JsonContent.Create(new
        {
            inputs = new[] { new { name = "image", shape = new[] { 1, 1, 28, 28 }, datatype = "FP32", data = Pictures.Image(0).ToArray() } },
        });
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(region.Http, "/v2/models/fashion_cnn/infer")) { Content = content };
        request.Headers.Add("traceparent", TraceParent(flags));
        using var response = await http.SendAsync(request);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return Assert.Single(response.Headers.GetValues("traceresponse"));
    }

    private string TraceParent(string flags) => $"00-{_trace}-{_client}-{flags}";
}
