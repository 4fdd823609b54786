using Mesh.Messages;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Mesh.Hosting.Observability;

/// <summary>
/// Metrics and traces to an OpenTelemetry collector, where one is set: by <c>--otlp</c>, or by OpenTelemetry's own environment
/// variables (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c>, <c>OTEL_TRACES_SAMPLER</c>, …), which are heeded in any case.
/// </summary>
public sealed class OtlpExport
{
    public const string SettingNeeds =
        "where an OpenTelemetry collector takes metrics and traces, e.g. http://collector:4317; default: OTEL_EXPORTER_OTLP_ENDPOINT, else nothing is exported";

    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string Prefix = "OTEL_";

    private readonly Dictionary<string, string?> _variables;

    /// <param name="endpoint">Of the setting; empty = as the environment says.</param>
    public OtlpExport(string endpoint, System.Collections.IDictionary environment)
    {
        _variables = environment.Keys.OfType<string>().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToDictionary(name => name, name => environment[name] as string);
        if (endpoint.Length > 0)
            _variables[Endpoint] = endpoint;
    }

    public bool HasMetrics => Has("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT");

    public bool HasTraces => Has("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");

    public static string? Parse(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps) ? text : null;

    /// <summary>Names the process to whoever collects, and exports what is asked for.</summary>
    /// <param name="service">The program.</param>
    /// <param name="instance">Which one of them.</param>
    public OpenTelemetryBuilder AddTo(IHostApplicationBuilder builder, string service, string instance, RegionName region)
    {
        builder.Configuration.AddInMemoryCollection(_variables);
        var telemetry = builder.Services.AddOpenTelemetry().ConfigureResource(resource => resource
            .AddService(service, serviceNamespace: "mesh", MeshSystem.Version, autoGenerateServiceInstanceId: false, instance)
            .AddAttributes([new("mesh.region", region.Value)]));
        if (HasMetrics)
            telemetry.WithMetrics(metrics => metrics.AddOtlpExporter());
        if (HasTraces)
            telemetry.WithTracing(traces => traces.AddOtlpExporter());
        return telemetry;
    }

    private bool Has(string own) => _variables.GetValueOrDefault(own) is { Length: > 0 } || _variables.GetValueOrDefault(Endpoint) is { Length: > 0 };
}
