using System.Globalization;
using System.Text;

namespace Mesh.Pbm.Rendering;

/// <summary>Text of a host as a terminal may have it: logs and names hold what others wrote, and a terminal obeys some characters.</summary>
internal static class SafeText
{
    /// <summary>Control characters and those that turn the direction of writing as escapes such as \u001b; line ends too.</summary>
    public static string OneLine(string text)
    {
        if (!text.Any(IsUnsafe))
            return text;
        var safe = new StringBuilder(text.Length + 16);
        foreach (var c in text)
        {
            _ = c switch
            {
                '\n' => safe.Append("\\n"),
                '\t' => safe.Append(' '),
                '\r' => safe,
                _ when IsUnsafe(c) => safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => safe.Append(c),
            };
        }

        return safe.ToString();
    }

    public static IEnumerable<string> Lines(string text) => text.Split('\n').Select(line => OneLine(line.TrimEnd('\r')));

    /// <summary>Columns on a terminal.</summary>
    public static int Width(string text) => text.All(c => c is >= ' ' and <= '~') ? text.Length : text.EnumerateRunes().Sum(Width);

    /// <summary>As much as fits into so many columns, with '…' for the rest.</summary>
    public static string Fit(string text, int width)
    {
        if (Width(text) <= width)
            return text;
        var (fitting, used) = (new StringBuilder(), 0);
        foreach (var rune in text.EnumerateRunes())
        {
            if ((used += Width(rune)) > width - 1)
                break;
            fitting.Append(rune);
        }

        return width > 0 ? fitting.Append('…').ToString() : "";
    }

    private static int Width(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format => 0,
        _ => rune.Value is (>= 0x1100 and <= 0x115f) or (>= 0x2e80 and <= 0xa4cf) or (>= 0xac00 and <= 0xd7a3) or (>= 0xf900 and <= 0xfaff)
            or (>= 0xfe30 and <= 0xfe6f) or (>= 0xff00 and <= 0xff60) or (>= 0x1f300 and <= 0x1faff) or (>= 0x20000 and <= 0x3fffd) ? 2 : 1,
    };

    private static bool IsUnsafe(char c) => char.IsControl(c) || c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}
