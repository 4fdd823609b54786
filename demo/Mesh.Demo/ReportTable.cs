using System.Globalization;
using System.Text;

namespace Mesh.Demo;

/// <summary>A run's figures in rows, then what failed, then the last word.</summary>
internal sealed class ReportTable(Func<string, string> good, Func<string, string> bad)
{
    private readonly StringBuilder _text = new StringBuilder().AppendLine();

    public void Line(string line = "") => _text.AppendLine(line);

    public void Row(string name, string value) => _text.AppendLine($"  {name,-22} {value}");

    /// <summary>Good when all of them are there.</summary>
    public void Row(string name, int count, int of) => Row(name, count == of ? good($"{count}/{of}") : bad($"{count}/{of}"));

    public void Latency(TimeSpan p50, TimeSpan p99) => Row("latency", string.Create(
        CultureInfo.InvariantCulture, $"p50 {p50.TotalMilliseconds:0.0} ms, p99 {p99.TotalMilliseconds:0.0} ms"));

    public string End(IReadOnlyList<string> failures, string success)
    {
        _text.AppendLine();
        foreach (var failure in failures)
            _text.Append("  ").AppendLine(bad(failure));
        return _text.Append("  ").Append(failures.Count == 0 ? good(success) : bad("FAILED")).ToString();
    }
}
