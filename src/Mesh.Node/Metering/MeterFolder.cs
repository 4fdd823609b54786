using System.Text.Json;
using Mesh.Hosting;

namespace Mesh.Node.Metering;

/// <summary>
/// The meter's files. <c>sessions.jsonl</c> has a line for each session that ended and is rotated to <c>sessions.1.jsonl</c> and
/// on; <c>open.json</c> is what is known of the one that is open. Not thread-safe. Writing throws IOException or
/// UnauthorizedAccessException when the disk refuses.
/// </summary>
public sealed class MeterFolder(string folder, long rotateAt = MeterFolder.RotateAt)
{
    /// <summary>A file that would become larger makes room for a new one; bytes.</summary>
    public const long RotateAt = 10_000_000;

    /// <summary>Rotated files beside the current one.</summary>
    public const int Kept = 5;

    private string Open => Path.Combine(folder, "open.json");

    /// <summary>Puts what a killed process left of its open session among those that ended, once. Before anything else is written.</summary>
    /// <returns>What was wrong with the files.</returns>
    public IReadOnlyList<string> Recover()
    {
        Directory.CreateDirectory(folder);
        if (BytesOf(Open) is not { } bytes)
            return [];
        SessionUsage left;
        try
        {
            left = SessionUsage.FromJson(bytes);
        }
        catch (JsonException e)
        {
            // Not by a crash: it was renamed into place complete. Kept for people to look at.
            File.Move(Open, Open + ".bad", overwrite: true);
            return [$"{Open} is unreadable and was put aside: {e.Message}"];
        }

        // It is there already when the process was killed between the two steps of Append.
        if (!Has(Read(1), left))
            Append(left);
        else
            File.Delete(Open);
        return [];
    }

    /// <summary>Replaces what is known of the open session.</summary>
    public void WriteOpen(SessionUsage session)
    {
        Directory.CreateDirectory(folder);
        var draft = Open + ".new";
        using (var file = new FileStream(draft, FileMode.Create, FileAccess.Write, FileShare.Read))
        {
            file.Write(session.ToJson());
            file.Flush(flushToDisk: true);
        }

        File.Move(draft, Open, overwrite: true);
        FolderSync.Sync(folder);
    }

    /// <summary>Adds a session that ended; none is open afterwards.</summary>
    public void Append(SessionUsage session)
    {
        Directory.CreateDirectory(folder);
        byte[] line = [.. session.ToJson(), (byte)'\n'];
        if (new FileInfo(Numbered(0)) is { Exists: true } current && current.Length + line.Length > rotateAt)
            Rotate();
        using (var file = new FileStream(Numbered(0), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read))
        {
            EndTornLine(file);
            file.Write(line);
            file.Flush(flushToDisk: true);
        }

        FolderSync.Sync(folder);
        File.Delete(Open);
    }

    /// <summary>The sessions that ended, oldest first, of the current file and of rotated ones.</summary>
    /// <param name="files">How many at most, the current one included.</param>
    /// <exception cref="IOException">A file is there, or may be, and cannot be read; or UnauthorizedAccessException.</exception>
    public MeterContent Read(int files = Kept + 1)
    {
        var content = new MeterContent([], []);
        for (var number = files - 1; number >= 0; number--)
        {
            if (BytesOf(Numbered(number)) is { } bytes)
                Read(Numbered(number), bytes, content);
        }

        return content;
    }

    /// <summary>As <see cref="Read(int)"/>, and last what a killed process left where <see cref="Recover"/> could not put it there.</summary>
    public MeterContent ReadWithOpen(int files)
    {
        var content = Read(files);
        if (BytesOf(Open) is not { } bytes)
            return content;
        try
        {
            var left = SessionUsage.FromJson(bytes);
            if (!Has(content, left))
                content.Sessions.Add(left);
        }
        catch (JsonException e)
        {
            content.Problems.Add($"{Open} is unreadable: {e.Message}");
        }

        return content;
    }

    /// <summary>Null when there is none. To ask first whether it exists would take one that may not be read for none.</summary>
    private static byte[]? BytesOf(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static bool Has(MeterContent content, SessionUsage one) =>
        content.Sessions.Any(session => (session.Epoch, session.Started) == (one.Epoch, one.Started));

    private static void Read(string path, ReadOnlyMemory<byte> rest, MeterContent content)
    {
        for (var number = 1; rest.Length > 0; number++)
        {
            var end = rest.Span.IndexOf((byte)'\n');
            var line = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            try
            {
                content.Sessions.Add(SessionUsage.FromJson(line.Span));
            }
            catch (JsonException)
            {
                // Its text may be anything, so only where it is gets told.
                content.Problems.Add($"{path}: line {number} ({line.Length} bytes) is {(end < 0 ? "torn" : "no session")} and was passed over");
            }
        }
    }

    /// <summary>At its end, so that what follows a line that was cut off by a crash is a line of its own.</summary>
    private static void EndTornLine(FileStream file)
    {
        if (file.Length == 0)
            return;
        file.Seek(-1, SeekOrigin.End);
        if (file.ReadByte() != '\n')
            file.WriteByte((byte)'\n');
    }

    private void Rotate()
    {
        for (var number = Kept; number > 0; number--)
        {
            if (File.Exists(Numbered(number - 1)))
                File.Move(Numbered(number - 1), Numbered(number), overwrite: true);
        }
    }

    private string Numbered(int number) => Path.Combine(folder, number == 0 ? "sessions.jsonl" : $"sessions.{number}.jsonl");
}

/// <summary>What the meter's files hold, and which lines of them hold nothing.</summary>
public sealed record MeterContent(IList<SessionUsage> Sessions, IList<string> Problems);
