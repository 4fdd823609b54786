using System.Text.RegularExpressions;
using Mesh.Hosting.Observability;
using Mesh.Process.Tests.Churn;
using Mesh.Process.Tests.Meshes;
using Mesh.Testing;

namespace Mesh.Process.Tests.Observability;

/// <summary>What is drawn, what alerts go by and what is written about metrics, against those of a seed and a vehicle that run.</summary>
[Collection(OnObservedMesh.Name)]
public sealed partial class MetricNamesTests(ObservedMesh observed)
{
    private const string ErrorType = "error_type";

    /// <summary>Of Prometheus itself, with the labels that it adds to every series.</summary>
    private static readonly string[] PrometheusLabels = ["instance", "job", "le"];

    private IReadOnlyDictionary<string, PageMetric> Metrics => MetricsPage.Read(observed.MetricsPage);

    [Fact]
    public void The_dashboard_asks_for_metrics_and_labels_that_there_are()
    {
        var queries = DashboardFile.Queries.Concat(DashboardFile.VariableSeries).ToList();
        Assert.True(queries.Count > 30, $"{queries.Count} queries were found.");
        Assert.All(queries, AssertKnown);
    }

    [Fact]
    public void The_alerts_ask_for_metrics_and_labels_that_there_are()
    {
        var rules = File.ReadAllText(Path.Combine(Checkout.Root, "docker", "prometheus", "rules", "mesh.yml"));
        var queries = Expression().Matches(rules).Select(match => match.Groups["query"].Value.TrimStart('>', '-', ' ')).ToList();
        Assert.Equal(Alert().Count(rules), queries.Count);
        Assert.All(queries, AssertKnown);
    }

    [Fact]
    public void Every_metric_of_a_seed_is_described_as_it_is()
    {
        var mine = Metrics.Values.Where(metric => metric.Name.StartsWith("mesh_", StringComparison.Ordinal)).ToList();
        var described = Described("seed");
        Assert.Equal(
            mine.Select(metric => $"{metric.Name} {metric.Type}: {Names(metric.Labels)}").Order(StringComparer.Ordinal),
            described.Select(metric => $"{metric.PrometheusName} {metric.PrometheusType}: {Names(metric.Labels)}").Order(StringComparer.Ordinal));
        Assert.Subset(
            described.Where(metric => metric.Labels.Contains(ErrorType)).Select(metric => metric.PrometheusName).ToHashSet(),
            mine.Where(metric => metric.Labels.Contains(ErrorType)).Select(metric => metric.Name).ToHashSet());

        // Not everything fails here that may: the class of a failure is there only where something did.
        static string Names(IEnumerable<string> labels) => string.Join(", ", labels.Except([ErrorType]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Our_labels_values_are_words_in_snake_case()
    {
        var ours = MetricsPage.LabelsOf(observed.MetricsPage).Where(label => label.Series.StartsWith("mesh_", StringComparison.Ordinal) && Wordy.Contains(label.Name))
            .Select(label => $"{label.Name}={label.Value}").Distinct().ToList();
        Assert.Equal(Wordy.Order(StringComparer.Ordinal), ours.Select(label => label.Split('=')[0]).Distinct().Order(StringComparer.Ordinal));
        Assert.All(ours, label => Assert.Matches("=[a-z]+(_[a-z]+)*$", label));
    }

    /// <summary>A request whose deadline had passed, and one that nobody was near enough for, failed; that which was answered did not.</summary>
    [Fact]
    public void What_failed_has_a_class_of_failure()
    {
        var errors = MetricsPage.LabelsOf(observed.MetricsPage).Where(label => label is { Series: "mesh_requests_total", Name: ErrorType }).Select(label => label.Value);
        Assert.Equal(["deadline_exceeded", "unavailable"], errors.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_metric_of_a_vehicle_is_described_as_it_is()
    {
        var described = Described("vehicle").Select(metric => $"{metric.Name} {metric.Unit}").Order(StringComparer.Ordinal).ToList();
        string[] exported = [];
        await ChurningRegion.UntilAsync(
            () => Task.FromResult((exported =
            [
                .. observed.Collector.MetricUnits.Where(metric => metric.Key.Service == "mesh-node" && metric.Key.Name.StartsWith("mesh.", StringComparison.Ordinal))
                    .Select(metric => $"{metric.Key.Name} {metric.Value}").Order(StringComparer.Ordinal),
            ]).Length >= described.Count),
            TestMesh.Limit,
            "the vehicle's metrics");
        Assert.Equal(described, exported);
    }

    [Fact]
    public void Spans_and_health_reasons_are_described()
    {
        var text = File.ReadAllText(Document);
        foreach (var name in observed.Collector.Spans.Select(span => span.Name).Where(name => name.StartsWith("mesh.", StringComparison.Ordinal)).Distinct())
            Assert.Contains($"| `{name}` |", text, StringComparison.Ordinal);
        foreach (var tag in observed.Collector.Spans.SelectMany(span => span.Attributes.Keys).Where(key => key.StartsWith("mesh.", StringComparison.Ordinal)).Distinct())
            Assert.Contains($"`{tag}`", text, StringComparison.Ordinal);
        foreach (var code in Mesh.Seed.Health.HealthCodes.All)
            Assert.Contains($"| `{code}` |", text, StringComparison.Ordinal);
    }

    /// <summary>Labels whose values are words of the code.</summary>
    private static readonly string[] Wordy = ["direction", "end", ErrorType, "file", "kind", "outcome", "reason", "role", "stage", "state", "status"];

    private static string Document => Path.Combine(Checkout.Root, "docs", "observability.md");

    private void AssertKnown(string query)
    {
        var names = PromQuery.Parse(query);
        var types = Metrics.ToDictionary(metric => metric.Key, metric => metric.Value.Type);
        Assert.NotEmpty(names.Series);
        var labels = new HashSet<string>(PrometheusLabels);
        foreach (var series in names.Series.Where(series => series != "up"))
            labels.UnionWith(Metrics[MetricsPage.Family(series, types)].Labels);
        foreach (var (series, label, value) in names.Labels)
        {
            if (PrometheusLabels.Contains(label))
                continue;
            Assert.True(Metrics[MetricsPage.Family(series, types)].Labels.Contains(label), $"{series} has no label {label}: {query}");
            // What can be looked for must be a value that there is, or may be.
            Assert.True(
                value is null || observed.MetricsPage.Contains($"{label}=\"{value}\"", StringComparison.Ordinal) || Rare.Contains(value),
                $"{label} is never '{value}': {query}");
        }

        Assert.All(names.Grouped, label => Assert.True(labels.Contains(label), $"none of {string.Join(", ", names.Series)} has a label {label}: {query}"));
    }

    /// <summary>Values of enums that did not happen here.</summary>
    private static HashSet<string> Rare { get; } =
    [
        .. Labels.All<Seed.Routing.AttemptEnd>(), .. Labels.All<Seed.Routing.RequestOutcome>(),
    ];

    private static List<DescribedMetric> Described(string section) =>
    [
        .. Rows().Matches(File.ReadAllText(Document).Split($"## Metrics of a {section}\n")[1].Split("\n## ")[0]).Select(row => new DescribedMetric(
            row.Groups["name"].Value,
            row.Groups["type"].Value,
            row.Groups["unit"].Value,
            [.. Label().Matches(row.Groups["labels"].Value).Select(label => label.Groups["name"].Value.Replace('.', '_'))])),
    ];

    /// <summary>A row of the document's table.</summary>
    private sealed record DescribedMetric(string Name, string Type, string Unit, IReadOnlyList<string> Labels)
    {
        public string PrometheusType => Type == "sum" ? "gauge" : Type;

        /// <summary>As the exporter makes it of name, unit and type.</summary>
        public string PrometheusName => Name.Replace('.', '_') + Unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            "J" => "_joules",
            _ => "",
        } + (Type == "counter" ? "_total" : "");
    }

    [GeneratedRegex(@"^\| `(?<name>mesh\.[a-z._]+)` \| (?<type>counter|sum|gauge|histogram) \| (?<unit>\S+) \| (?<labels>[^|]*) \|", RegexOptions.Multiline)]
    private static partial Regex Rows();

    [GeneratedRegex("`(?<name>[a-z_.]+)`")]
    private static partial Regex Label();

    [GeneratedRegex(@"expr: (?<query>(>-\n(\s{10,}.*\n)+)|.*\n)")]
    private static partial Regex Expression();

    [GeneratedRegex("- alert: ")]
    private static partial Regex Alert();
}
