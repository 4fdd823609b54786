namespace Mesh.Node.Telemetry;

/// <summary>
/// A VSS path or a pattern of them; a <c>*</c> stands for the rest of one level, as in <c>Vehicle.Cabin.Door.Row*.*.IsLocked</c>.
/// </summary>
public sealed class SignalPath(string pattern)
{
    private readonly string[] _levels = pattern.Split('.');

    public string Pattern => pattern;

    public bool IsPattern { get; } = pattern.Contains('*', StringComparison.Ordinal);

    public bool Matches(string path)
    {
        if (!IsPattern)
            return string.Equals(path, pattern, StringComparison.Ordinal);
        var levels = path.Split('.', _levels.Length + 1);
        return levels.Length == _levels.Length && levels.Zip(_levels).All(pair => MatchesLevel(pair.First, pair.Second));
    }

    public override string ToString() => pattern;

    private static bool MatchesLevel(string level, string pattern)
    {
        var star = pattern.IndexOf('*', StringComparison.Ordinal);
        return star < 0 ? level == pattern : level.Length > star && level.StartsWith(pattern[..star], StringComparison.Ordinal);
    }
}
