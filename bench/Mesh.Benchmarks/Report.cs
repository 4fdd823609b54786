using System.Globalization;
using System.Runtime;
using System.Runtime.InteropServices;

namespace Mesh.Benchmarks;

/// <summary>One measured quantity: a value for each round.</summary>
internal sealed class Figure(string name, string unit, string format)
{
    private readonly List<double> _rounds = [];

    public string Name => name;

    public IReadOnlyList<double> Rounds => _rounds;

    public static Figure Rate(string name, string unit) => new(name, unit, "#,0");

    public static Figure Milliseconds(string name) => new(name, "ms", "0.000");

    public void Add(double value) => _rounds.Add(value);

    public string Text(double value) => $"{value.ToString(format, CultureInfo.InvariantCulture)} {unit}";
}

/// <summary>What a figure is held against; the ratio is taken within each round, because a shared machine drifts.</summary>
/// <param name="Ratios">One for each round.</param>
internal sealed record Target(string Name, IEnumerable<double> Ratios, double Limit, bool AtLeast)
{
    public double Reached => LoadLoop.Median(Ratios);

    public bool IsMet => AtLeast ? Reached >= Limit : Reached <= Limit;
}

/// <summary>The closing table.</summary>
internal sealed class Report
{
    private readonly List<Figure> _figures = [];
    private readonly List<Target> _targets = [];

    public bool AllMet => _targets.All(target => target.IsMet);

    public Figure Add(Figure figure)
    {
        _figures.Add(figure);
        return figure;
    }

    public void Add(Target target) => _targets.Add(target);

    public static string Machine => string.Create(
        CultureInfo.InvariantCulture,
        $"{Environment.ProcessorCount} cores, .NET {Environment.Version}, {RuntimeInformation.OSDescription}, "
        + $"{(GCSettings.IsServerGC ? "server" : "workstation")} GC in the seed's place");

    public void Print(TextWriter output, BenchOptions options) =>
        Print(output, string.Create(CultureInfo.InvariantCulture, $"{options.Rounds} interleaved rounds of {options.Duration.TotalSeconds:0.#} s"));

    /// <param name="rounds">What each figure is the median of.</param>
    public void Print(TextWriter output, string rounds)
    {
        output.WriteLine();
        output.WriteLine($"{Machine}");
        output.WriteLine($"median (least to most) of {rounds}");
        output.WriteLine();
        foreach (var figure in _figures)
        {
            var median = figure.Text(LoadLoop.Median(figure.Rounds));
            output.WriteLine($"  {figure.Name,-58}{median,16}   ({figure.Text(figure.Rounds.Min())} to {figure.Text(figure.Rounds.Max())})");
        }

        output.WriteLine();
        foreach (var target in _targets)
        {
            var reached = target.Reached.ToString("0.00", CultureInfo.InvariantCulture);
            var limit = target.Limit.ToString("0.00", CultureInfo.InvariantCulture);
            output.WriteLine($"  {target.Name,-58}{reached,16}   {(target.AtLeast ? "at least" : "at most")} {limit}: {(target.IsMet ? "pass" : "MISS")}");
        }
    }
}
