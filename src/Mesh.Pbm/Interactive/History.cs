using Mesh.Operations;

namespace Mesh.Pbm.Interactive;

/// <summary>
/// The lines of a person, the newest last, kept across runs. Not kept: what begins with a blank, and what is told not to be. A disk
/// that refuses costs no more than the memory.
/// </summary>
internal sealed class History
{
    public const int Kept = 500;

    private readonly string? _path;
    private readonly List<string> _lines = [];

    /// <param name="path">Null = nothing is kept.</param>
    public History(string? path)
    {
        _path = path;
        Try(Load);
    }

    public IReadOnlyList<string> Lines => _lines;

    /// <summary>In the state folder of the XDG specification.</summary>
    public static string? DefaultPath(Func<string, string?> variable)
    {
        var state = variable("XDG_STATE_HOME") is { } set && Path.IsPathRooted(set) ? set
            : variable("HOME") is { } home ? Path.Combine(home, ".local", "state")
            : OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : null;
        return state is null ? null : Path.Combine(state, "mesh", "pbm-history");
    }

    public void Add(string line)
    {
        if (line.Length is 0 or > OperationsLimits.LineLength || char.IsWhiteSpace(line[0]) || (_lines.Count > 0 && _lines[^1] == line))
            return;
        _lines.Add(line);
        if (_lines.Count > Kept)
            _lines.RemoveAt(0);
        Try(() => Write(FileMode.Append, [line]));
    }

    private void Load()
    {
        if (_path is null || !File.Exists(_path))
            return;
        var all = File.ReadAllLines(_path);
        _lines.AddRange(all.Where(line => line.Length is > 0 and <= OperationsLimits.LineLength).TakeLast(Kept));
        // Several prompts append to it; it is cut when one opens.
        if (all.Length > 2 * Kept)
            Write(FileMode.Create, _lines);
    }

    private void Write(FileMode mode, IReadOnlyList<string> lines)
    {
        if (_path is null)
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.ReadWrite };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(_path, options);
        foreach (var line in lines)
            writer.Write(line + "\n");
    }

    private static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is a convenience.
        }
    }
}

/// <summary>Walks through the history with the arrows; the line that was begun is behind its newest.</summary>
internal sealed class HistoryWalk(History history)
{
    private int _at = history.Lines.Count;
    private string _begun = "";

    public string Back(string now)
    {
        if (_at == history.Lines.Count)
            _begun = now;
        if (_at > 0)
            _at--;
        return history.Lines.Count > 0 ? history.Lines[_at] : now;
    }

    public string Forward(string now)
    {
        if (_at == history.Lines.Count)
            return now;
        _at++;
        return _at == history.Lines.Count ? _begun : history.Lines[_at];
    }
}
