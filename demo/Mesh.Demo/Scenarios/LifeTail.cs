using System.Text;
using Mesh.Node.Sessions;

namespace Mesh.Demo.Scenarios;

/// <summary>
/// Reads the steps of a vehicle's life from its <c>life.jsonl</c> while the vehicle adds to it; the file must not be rotated
/// meanwhile.
/// </summary>
/// <param name="folder">The vehicle's data folder.</param>
internal sealed class LifeTail(string folder)
{
    private readonly string _path = Path.Combine(folder, "life.jsonl");
    private readonly List<LifeEntry> _entries = [];
    private long _read;

    public IReadOnlyList<LifeEntry> Entries => _entries;

    /// <summary>Those that have come since.</summary>
    public IReadOnlyList<LifeEntry> ReadNew()
    {
        if (!File.Exists(_path))
            return [];
        using var file = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        file.Seek(_read, SeekOrigin.Begin);
        var bytes = new byte[file.Length - _read];
        var count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        // The last line may still be being written.
        var end = bytes.AsSpan(0, count).LastIndexOf((byte)'\n') + 1;
        _read += end;
        var first = _entries.Count;
        foreach (var line in Encoding.UTF8.GetString(bytes, 0, end).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            _entries.Add(LifeEntry.FromJson(line));
        return _entries[first..];
    }
}
