using System.Collections.Concurrent;
using System.Net;
using Grpc.Core;
using Mesh.Process.Tests.Observability.Metrics;
using Mesh.Process.Tests.Observability.Traces;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mesh.Process.Tests.Observability;

/// <summary>A span as a program exported it.</summary>
/// <param name="Service">The program's name.</param>
/// <param name="Failed">Its status is an error.</param>
internal sealed record ExportedSpan(
    string Service,
    string Trace,
    string Id,
    string Parent,
    string Name,
    IReadOnlyDictionary<string, string> Attributes,
    IReadOnlyList<(string Trace, string Id)> Links,
    bool Failed);

/// <summary>An OpenTelemetry collector in the test's process: takes what is exported over gRPC and keeps it.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private const int ErrorStatus = 2;

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<ExportedSpan> _spans = [];
    private readonly ConcurrentDictionary<(string Service, string Name), string> _metrics = [];

    private OtlpCollector()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddSingleton(this).AddGrpc();
        _app = builder.Build();
        _app.MapGrpcService<SpanTaker>();
        _app.MapGrpcService<MetricTaker>();
    }

    public string Endpoint => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    public IReadOnlyCollection<ExportedSpan> Spans => _spans;

    /// <summary>Units of metrics, by the program and the name.</summary>
    public IReadOnlyDictionary<(string Service, string Name), string> MetricUnits => _metrics;

    public static async Task<OtlpCollector> StartAsync()
    {
        var collector = new OtlpCollector();
        await collector._app.StartAsync();
        return collector;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static string ServiceOf(Resource resource) => resource.Attributes.Single(attribute => attribute.Key == "service.name").Value.StringValue;

    private static string TextOf(AnyValue value) => value.ValueCase switch
    {
        AnyValue.ValueOneofCase.StringValue => value.StringValue,
        AnyValue.ValueOneofCase.IntValue => $"{value.IntValue}",
        AnyValue.ValueOneofCase.BoolValue => $"{value.BoolValue}",
        _ => "",
    };

    private sealed class SpanTaker(OtlpCollector collector) : TraceService.TraceServiceBase
    {
        public override Task<ExportTraceServiceResponse> Export(ExportTraceServiceRequest request, ServerCallContext context)
        {
            foreach (var resource in request.ResourceSpans)
            {
                foreach (var span in resource.ScopeSpans.SelectMany(scope => scope.Spans))
                {
                    collector._spans.Enqueue(new ExportedSpan(
                        ServiceOf(resource.Resource),
                        Convert.ToHexStringLower(span.TraceId.Span),
                        Convert.ToHexStringLower(span.SpanId.Span),
                        Convert.ToHexStringLower(span.ParentSpanId.Span),
                        span.Name,
                        span.Attributes.ToDictionary(attribute => attribute.Key, attribute => TextOf(attribute.Value)),
                        [.. span.Links.Select(link => (Convert.ToHexStringLower(link.TraceId.Span), Convert.ToHexStringLower(link.SpanId.Span)))],
                        span.Status?.Code == ErrorStatus));
                }
            }

            return Task.FromResult(new ExportTraceServiceResponse());
        }
    }

    private sealed class MetricTaker(OtlpCollector collector) : MetricsService.MetricsServiceBase
    {
        public override Task<ExportMetricsServiceResponse> Export(ExportMetricsServiceRequest request, ServerCallContext context)
        {
            foreach (var resource in request.ResourceMetrics)
            {
                foreach (var metric in resource.ScopeMetrics.SelectMany(scope => scope.Metrics))
                    collector._metrics[(ServiceOf(resource.Resource), metric.Name)] = metric.Unit;
            }

            return Task.FromResult(new ExportMetricsServiceResponse());
        }
    }
}
