namespace Mesh.Operations.Grammar;

/// <summary>Which known name was meant by a mistyped one.</summary>
public static class NearNames
{
    private const int LongestWord = 64;

    /// <summary>The nearest of the names, or null when none is near.</summary>
    public static string? Nearest(string word, IEnumerable<string> names)
    {
        if (word.Length is 0 or > LongestWord)
            return null;
        var near = names
            .Select(name => (Name: name, Distance: name.StartsWith(word, StringComparison.OrdinalIgnoreCase) ? 0 : Distance(word, name)))
            .Where(found => found.Distance <= Math.Max(1, Math.Min(word.Length, found.Name.Length) / 3))
            .OrderBy(found => found.Distance).ThenBy(found => found.Name, StringComparer.Ordinal)
            .Select(found => found.Name);
        return near.FirstOrDefault();
    }

    /// <summary>What an error says of a name that is not known: the near one, or all.</summary>
    public static string Hint(string word, IReadOnlyCollection<string> names, string prefix = "") =>
        Nearest(word, names) is { } near ? $"did you mean {prefix}{near}?"
        : names.Count == 0 ? "there are none"
        : $"there are {string.Join(", ", names.Select(name => prefix + name))}";

    /// <summary>Letters to insert, drop, replace or swap with their neighbour.</summary>
    private static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
            rows[i, 0] = i;
        for (var j = 0; j <= b.Length; j++)
            rows[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = Lower(a[i - 1]) == Lower(b[j - 1]) ? 0 : 1;
                rows[i, j] = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && Lower(a[i - 1]) == Lower(b[j - 2]) && Lower(a[i - 2]) == Lower(b[j - 1]))
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        }

        return rows[a.Length, b.Length];
    }

    private static char Lower(char c) => char.ToLowerInvariant(c);
}
