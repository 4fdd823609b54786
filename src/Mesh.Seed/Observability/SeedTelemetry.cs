using System.Collections;
using System.Diagnostics;
using Mesh.Hosting.Observability;
using Mesh.Seed.Batches;
using Mesh.Seed.Health;
using Mesh.Seed.Hosting;
using Mesh.Seed.Membership;
using Mesh.Seed.Routing;
using Mesh.Seed.WorkStreams;
using Microsoft.Net.Http.Headers;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Mesh.Seed.Observability;

/// <summary>What a seed lets be seen of itself: metrics for Prometheus, and metrics and traces by OTLP where that is set.</summary>
public static class SeedTelemetry
{
    /// <summary>The platform's own, whose names are OpenTelemetry's.</summary>
    private static readonly string[] PlatformMeters = ["Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime"];

    public static WebApplicationBuilder AddTelemetry(this WebApplicationBuilder builder, SeedSettings settings, IDictionary environment)
    {
        builder.Services.AddSingleton<MembershipMetrics>().AddSingleton<VehicleMetrics>().AddSingleton<HealthMetrics>();
        var otlp = new OtlpExport(settings.Otlp, environment);
        var telemetry = otlp.AddTo(builder, "mesh-seed", $"{settings.Host}:{settings.Port}", settings.Region)
            .WithMetrics(metrics => metrics.AddMeter([RouterMetrics.MeterName, .. PlatformMeters]).AddPrometheusExporter());
        if (otlp.HasTraces)
        {
            telemetry.WithTracing(traces => traces
                .AddSource(MeshSpans.SeedSourceName)
                .AddAspNetCoreInstrumentation(server => server.Filter = IsClients));
        }

        return builder;
    }

    /// <summary>Makes what counts by looking, which nobody else asks for, once somebody listens.</summary>
    public static void StartTelemetry(this WebApplication app)
    {
        var services = app.Services;
        services.GetRequiredService<MeterProvider>();
        services.GetRequiredService<MembershipMetrics>();
        services.GetRequiredService<VehicleMetrics>();
        services.GetRequiredService<HealthMetrics>().Begin();
        services.GetRequiredService<RouterMetrics>().Begin();
        services.GetRequiredService<BatchMetrics>().Begin();
    }

    /// <summary>
    /// Tells a client which trace its request belongs to, when it is recorded or the client asked by a <c>traceparent</c>: the
    /// header <c>traceresponse</c> of W3C's Trace Context.
    /// </summary>
    public static void UseTraceResponse(this WebApplication app) => app.Use((context, next) =>
    {
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C } span && (span.Recorded || context.Request.Headers.ContainsKey(HeaderNames.TraceParent)))
            context.Response.Headers["traceresponse"] = span.Id;
        return next(context);
    });

    /// <summary>Not probes, which come every few seconds, and not vehicles' streams and the web page's events, which last for hours.</summary>
    private static bool IsClients(HttpContext context) =>
        context.Features.Get<Listener>() is { } listener
        && (listener == Listener.Http || listener == Listener.Grpc)
        && !context.Request.Path.StartsWithSegments("/v2/health", StringComparison.Ordinal)
        && !context.Request.Path.StartsWithSegments("/healthz", StringComparison.Ordinal)
        && !context.Request.Path.StartsWithSegments("/mesh/events", StringComparison.Ordinal);
}
