using System.Text.Json;
using System.Text.RegularExpressions;
using Mesh.Testing;

namespace Mesh.Process.Tests.Observability;

/// <summary>What the Grafana dashboard asks Prometheus for.</summary>
internal static partial class DashboardFile
{
    /// <summary>Of its panels, with the dashboard's variables in them.</summary>
    public static IReadOnlyList<string> Queries { get; } =
    [
        .. Root.GetProperty("panels").EnumerateArray()
            .Where(panel => panel.TryGetProperty("targets", out _))
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
            .Select(target => target.GetProperty("expr").GetString()!),
    ];

    /// <summary>Series whose labels make the choices of its variables.</summary>
    public static IReadOnlyList<string> VariableSeries { get; } =
    [
        .. Root.GetProperty("templating").GetProperty("list").EnumerateArray()
            .Where(variable => variable.TryGetProperty("definition", out _))
            .Select(variable => LabelValues().Match(variable.GetProperty("definition").GetString()!).Groups["series"].Value),
    ];

    private static JsonElement Root =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(Checkout.Root, "docker", "grafana", "dashboards", "mesh.json"))).RootElement;

    [GeneratedRegex(@"^label_values\((?<series>[a-z_]+), [a-z_]+\)$")]
    private static partial Regex LabelValues();
}
