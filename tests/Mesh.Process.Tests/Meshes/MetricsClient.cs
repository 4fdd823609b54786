using System.Diagnostics;
using System.Globalization;

namespace Mesh.Process.Tests.Meshes;

/// <summary>Reads a seed's Prometheus port. It shows what no client can see: how many requests are under way.</summary>
internal sealed class MetricsClient(HttpClient http, Uri seed)
{
    /// <summary>Waits until so many requests are under way at the seed.</summary>
    public async Task WaitForActiveRequestsAsync(int count)
    {
        var clock = Stopwatch.StartNew();
        using var interval = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        double active;
        do
        {
            active = await ReadAsync("mesh_requests_active");
            if ((int)active == count)
                return;
        }
        while (clock.Elapsed < TestMesh.Limit && await interval.WaitForNextTickAsync());
        Assert.Fail($"{active} requests are under way at the seed after {TestMesh.Limit}, not {count}.");
    }

    /// <summary>Sum over the metric's labels.</summary>
    public async Task<double> ReadAsync(string metric)
    {
        var text = await http.GetStringAsync(new Uri(seed, "/metrics"));
        var values = text.Split('\n')
            .Where(line => line.StartsWith(metric, StringComparison.Ordinal) && line.Length > metric.Length && line[metric.Length] is '{' or ' ')
            .Select(ValueOf)
            .ToList();
        Assert.True(values.Count > 0, $"{metric} is not among the metrics:\n{text}");
        return values.Sum();
    }

    /// <summary><c>name{labels} value timestamp</c>, labels and timestamp being optional.</summary>
    private static double ValueOf(string line)
    {
        var labelsEnd = line.LastIndexOf('}');
        var rest = line[(labelsEnd < 0 ? line.IndexOf(' ', StringComparison.Ordinal) : labelsEnd + 1)..];
        return double.Parse(rest.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture);
    }
}
