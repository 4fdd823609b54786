using System.Collections;
using Mesh.Hosting.Observability;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Mesh.Node.Observability;

/// <summary>A vehicle's metrics and traces: only by OTLP, only where its owner sets that, since nobody can reach a car to ask.</summary>
public static class VehicleTelemetryExport
{
    public static void AddTelemetry(this IHostApplicationBuilder builder, VehicleSettings settings, IDictionary environment)
    {
        var otlp = new OtlpExport(settings.Otlp, environment);
        if (!otlp.HasMetrics && !otlp.HasTraces)
            return;
        builder.Services.AddMetrics().AddSingleton<VehicleMeters>();
        var telemetry = otlp.AddTo(builder, "mesh-node", settings.Vehicle.Value, settings.Region);
        if (otlp.HasMetrics)
            telemetry.WithMetrics(metrics => metrics.AddMeter(VehicleMeters.MeterName, "System.Runtime"));
        if (otlp.HasTraces)
            telemetry.WithTracing(traces => traces.AddSource(MeshSpans.VehicleSourceName));
    }

    /// <summary>Makes the meters where they are exported.</summary>
    public static void StartTelemetry(this IServiceProvider services) => services.GetService<VehicleMeters>();
}
