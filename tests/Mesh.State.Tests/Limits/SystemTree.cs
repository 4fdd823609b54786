using Mesh.Node;
using Mesh.State.Tests.Inference;
using Microsoft.Extensions.Logging;

namespace Mesh.State.Tests.Limits;

/// <summary>A /proc and /sys of a test's own.</summary>
internal sealed class SystemTree : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public SystemTree() => Files = new SystemFiles(_folder.Path);

    public SystemFiles Files { get; }

    public string Root => _folder.Path;

    public void Set(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Join(_folder.Path, path))!);
        File.WriteAllText(Path.Join(_folder.Path, path), text + "\n");
    }

    public void Set(string path, long number) => Set(path, $"{number}");

    public void Remove(string path) => File.Delete(Path.Join(_folder.Path, path));

    public void Dispose() => _folder.Dispose();
}

/// <summary>Keeps what is logged.</summary>
internal sealed class RecordedLog<T> : ILogger<T>
{
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lines)
            _lines.Add($"{logLevel}: {formatter(state, exception)}");
    }
}
