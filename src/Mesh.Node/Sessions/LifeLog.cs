using Microsoft.Extensions.Logging;

namespace Mesh.Node.Sessions;

/// <summary>The steps of a vehicle's life, in <c>life.jsonl</c> of its data folder; the file before it is kept as <c>life.1.jsonl</c>.</summary>
public sealed partial class LifeLog(string folder, ILogger<LifeLog> logger, long rotateAt = LifeLog.RotateAt)
{
    /// <summary>Bytes.</summary>
    public const long RotateAt = 1_000_000;

    /// <summary>Steps of this process that are remembered for whoever asks.</summary>
    private const int Remembered = 32;

    private readonly Lock _lock = new();
    private readonly Queue<LifeEntry> _recent = new();
    private readonly string _path = Path.Combine(folder, "life.jsonl");

    /// <summary>Raised with each step, in order; must not block.</summary>
    public event Action<LifeEntry>? Lived;

    /// <summary>The last steps of this process, the oldest first.</summary>
    public IReadOnlyList<LifeEntry> Recent
    {
        get
        {
            lock (_lock)
                return [.. _recent];
        }
    }

    /// <summary>A disk that refuses is logged, and costs no more than the line.</summary>
    public void Add(LifeEntry entry)
    {
        lock (_lock)
        {
            try
            {
                Directory.CreateDirectory(folder);
                if (new FileInfo(_path) is { Exists: true } file && file.Length >= rotateAt)
                    File.Move(_path, Path.Combine(folder, "life.1.jsonl"), overwrite: true);
                File.AppendAllText(_path, entry.ToJson() + "\n");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                LogNotKept(_path, e.Message);
            }

            _recent.Enqueue(entry);
            if (_recent.Count > Remembered)
                _recent.Dequeue();
            Lived?.Invoke(entry);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A step of the vehicle's life cannot be written to {Path}: {Reason}")]
    private partial void LogNotKept(string path, string reason);
}
