using System.Globalization;

namespace Mesh.Node;

/// <summary>
/// The kernel's files (/proc, /sys) below a root that tests replace. Nothing here throws for what is missing or forbidden: a
/// reading is null then, and a change answers with the reason.
/// </summary>
public class SystemFiles(string root = "/")
{
    public static SystemFiles Real { get; } = new();

    /// <summary>May write to what nobody offered.</summary>
    public virtual bool IsPrivileged => Environment.IsPrivilegedProcess;

    public string? Text(string path)
    {
        try
        {
            return File.ReadAllText(Full(path)).TrimEnd('\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Null also where there is text, such as 'max' for no limit.</summary>
    public long? Number(string path) =>
        long.TryParse(Text(path), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    public IReadOnlyList<string> Lines(string path) => Text(path)?.Split('\n') ?? [];

    public bool Exists(string path) => Path.Exists(Full(path));

    /// <summary>Paths of a folder's entries that match, by name, numbers in their order.</summary>
    public IReadOnlyList<string> Entries(string folder, string pattern)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(Full(folder), pattern)
                .Select(path => $"{folder}/{Path.GetFileName(path)}")
                .OrderBy(path => path.Length).ThenBy(path => path, StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <returns>Why not; null = written.</returns>
    public virtual string? Write(string path, string text) => Try(() => File.WriteAllText(Full(path), text));

    /// <returns>Why not; null = the folder is there.</returns>
    public virtual string? CreateFolder(string path) => Try(() => Directory.CreateDirectory(Full(path)));

    /// <returns>Why not; null = it is gone.</returns>
    public virtual string? RemoveFolder(string path) => Try(() => Directory.Delete(Full(path)));

    protected string Full(string path) => Path.Join(root, path);

    private static string? Try(Action change)
    {
        try
        {
            change();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }
}
