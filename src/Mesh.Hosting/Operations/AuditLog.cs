using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;

namespace Mesh.Hosting.Operations;

/// <summary>
/// Who changed what, in <c>audit.jsonl</c> of the data folder: a line before a command runs and one with its outcome. Files
/// before it are kept as <c>audit.1.jsonl</c> (the newest) to <c>audit.5.jsonl</c>.
/// </summary>
/// <param name="rotateAt">Bytes.</param>
public sealed partial class AuditLog(string folder, TimeProvider time, ILogger<AuditLog> logger, long rotateAt = AuditLog.RotateAt)
{
    public const long RotateAt = 4_000_000;

    public const int KeptFiles = 5;

    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lock _lock = new();

    /// <summary>On disk when it returns.</summary>
    /// <param name="peer">The operator's address.</param>
    /// <param name="command">One line, without secrets.</param>
    /// <returns>Tells the outcome's line what it belongs to.</returns>
    /// <exception cref="IOException">It cannot be written: the command must not run.</exception>
    public string Begin(string @operator, string peer, string command)
    {
        var id = Guid.NewGuid().ToString("N")[..12];
        Write(new JsonObject
        {
            ["time"] = Now(),
            ["id"] = id,
            ["operator"] = @operator,
            ["peer"] = peer,
            ["command"] = command,
            ["outcome"] = "begun",
        });
        return id;
    }

    /// <param name="outcome">"done", "failed", "cancelled", "too late", "referred".</param>
    /// <param name="reason">Why it failed; null = it did not.</param>
    public void End(string id, string outcome, string? reason)
    {
        var entry = new JsonObject { ["time"] = Now(), ["id"] = id, ["outcome"] = outcome };
        if (reason is not null)
            entry["reason"] = reason;
        try
        {
            Write(entry);
        }
        catch (IOException e)
        {
            LogNotKept(id, outcome, e.Message);
        }
    }

    private string Now() => time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture);

    private void Write(JsonObject entry)
    {
        lock (_lock)
        {
            try
            {
                Directory.CreateDirectory(folder);
                if (new FileInfo(PathOf(0)) is { Exists: true } file && file.Length >= rotateAt)
                    Rotate();
                using var stream = Open();
                stream.Write(JsonSerializer.SerializeToUtf8Bytes(entry, Json));
                stream.WriteByte((byte)'\n');
                stream.Flush(flushToDisk: true);
            }
            catch (UnauthorizedAccessException e)
            {
                throw new IOException(e.Message, e);
            }
        }
    }

    private FileStream Open()
    {
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.Read };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(PathOf(0), options);
    }

    private void Rotate()
    {
        for (var i = KeptFiles; i > 0; i--)
        {
            if (File.Exists(PathOf(i - 1)))
                File.Move(PathOf(i - 1), PathOf(i), overwrite: true);
        }
    }

    private string PathOf(int age) => Path.Combine(folder, age == 0 ? "audit.jsonl" : $"audit.{age}.jsonl");

    [LoggerMessage(Level = LogLevel.Error, Message = "The audit log lacks the outcome of command {Id}, '{Outcome}': {Reason}")]
    private partial void LogNotKept(string id, string outcome, string reason);
}
