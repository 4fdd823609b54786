using System.Collections.Immutable;
using System.Text;

namespace Mesh.Pbm.Rendering;

/// <summary>
/// Columns of a table. Widths only grow, so that rows which come later stand below the earlier ones; where a terminal is too
/// narrow the widest texts are shortened first, numbers never.
/// </summary>
internal sealed class TableLayout(ImmutableArray<string> columns, TextStyle style, string indent = "")
{
    private const string Gap = "  ";

    /// <summary>What stands for a value that is not known.</summary>
    private const string Unknown = "-";

    /// <summary>No column is shortened below this.</summary>
    private const int Least = 8;

    /// <summary>By the last word of a name.</summary>
    private static readonly Dictionary<string, string> Units = new (string Word, string Symbol)[]
    {
        ("us", "µs"), ("ms", "ms"), ("s", "s"), ("min", "min"), ("h", "h"), ("hz", "Hz"),
        ("bytes", "bytes"), ("kib", "KiB"), ("mib", "MiB"), ("gib", "GiB"), ("kb", "kB"), ("mb", "MB"), ("gb", "GB"),
        ("w", "W"), ("kw", "kW"), ("j", "J"), ("kj", "kJ"), ("wh", "Wh"), ("kwh", "kWh"), ("v", "V"), ("a", "A"),
        ("m", "m"), ("km", "km"), ("kmh", "km/h"), ("celsius", "°C"), ("percent", "%"),
    }.ToDictionary(unit => unit.Word, unit => unit.Symbol);

    private readonly int[] _widths = [.. columns.Select(column => SafeText.Width(Head(column)))];
    private readonly bool?[] _isNumber = new bool?[columns.Length];

    /// <summary>"round_trip_ms" is "round trip (ms)"; in "requests_per_s" and "last_10_s" the unit is a word like the others.</summary>
    public static string Head(string column)
    {
        var words = SafeText.OneLine(column).Split('_');
        if (words.Length < 2 || !Units.TryGetValue(words[^1], out var unit))
            return string.Join(' ', words);
        var isWord = words[^2] == "per" || words[^2].All(char.IsAsciiDigit);
        return string.Join(' ', words[..^1]) + (isWord ? $" {unit}" : $" ({unit})");
    }

    /// <summary>Makes room; before the lines of these rows are asked for.</summary>
    public void Measure(IEnumerable<ImmutableArray<TableCell>> rows)
    {
        foreach (var row in rows)
        {
            for (var i = 0; i < columns.Length && i < row.Length; i++)
            {
                _widths[i] = Math.Max(_widths[i], SafeText.Width(row[i].Text ?? Unknown));
                if (row[i].Text is not null)
                    _isNumber[i] = _isNumber[i] is null or true && row[i].IsNumber;
            }
        }
    }

    public string HeadLine()
    {
        var widths = Widths();
        return Line(widths, i => Head(columns[i]), (text, _) => style.Head(text));
    }

    public string RowLine(ImmutableArray<TableCell> row)
    {
        var widths = Widths();
        return Line(widths, i => i < row.Length ? row[i].Text ?? Unknown : Unknown, (text, i) => columns[i] is "state" or "status" ? style.State(text, text.Trim()) : text);
    }

    private string Line(int[] widths, Func<int, string> text, Func<string, int, string> colour)
    {
        var (line, used) = (new StringBuilder(indent), indent.Length);
        for (var i = 0; i < columns.Length; i++)
        {
            var gap = i == 0 ? "" : Gap;
            var width = Math.Min(widths[i], (style.Width ?? int.MaxValue) - used - gap.Length);
            if (width <= 0)
                break;
            var cell = SafeText.Fit(text(i), width);
            var padding = new string(' ', Math.Max(0, width - SafeText.Width(cell)));
            // Nothing behind the last text, or a terminal that grew narrower would break the line.
            var isLast = i == columns.Length - 1;
            cell = _isNumber[i] == true ? padding + cell : isLast ? cell : cell + padding;
            line.Append(gap).Append(colour(cell, i));
            used += gap.Length + width;
        }

        return line.ToString().TrimEnd();
    }

    private int[] Widths()
    {
        if (style.Width is not { } terminal)
            return _widths;
        var widths = _widths.Select(width => Math.Min(width, terminal)).ToArray();
        var excess = widths.Sum() + (Gap.Length * (columns.Length - 1)) + indent.Length - terminal;
        for (; excess > 0; excess--)
        {
            var widest = Enumerable.Range(0, widths.Length).Where(i => _isNumber[i] != true && widths[i] > Least)
                .OrderByDescending(i => widths[i]).Cast<int?>().FirstOrDefault();
            if (widest is not { } i)
                break;
            widths[i]--;
        }

        return widths;
    }
}
