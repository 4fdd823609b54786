using Microsoft.Extensions.Logging;

namespace Mesh.Node.Policy;

/// <summary>
/// The owner's policy in a file, read again whenever that changes. A file that is gone or has errors permits nothing: an owner
/// who takes something back must not be held to the version before for a misplaced comma.
/// </summary>
public sealed partial class OwnerPolicyFile : IOwnerPolicies, IDisposable
{
    /// <summary>In case that the file system tells of no changes, or of too many.</summary>
    private static readonly TimeSpan Recheck = TimeSpan.FromSeconds(2);

    private readonly string _path;
    private readonly ILogger<OwnerPolicyFile> _logger;
    private readonly FileSystemWatcher _watcher;
    private readonly ITimer _recheck;
    private readonly Lock _lock = new();
    private (string? Text, string? Problem) _read;
    private volatile OwnerPolicy _current = new();

    public OwnerPolicyFile(string path, TimeProvider time, ILogger<OwnerPolicyFile> logger)
    {
        (_path, _logger) = (Path.GetFullPath(path), logger);
        Read();
        // The folder is watched, not the file: editors and provisioning replace files by renaming.
        _watcher = new FileSystemWatcher(Path.GetDirectoryName(_path)!, Path.GetFileName(_path));
        _watcher.Changed += (_, _) => Read();
        _watcher.Created += (_, _) => Read();
        _watcher.Deleted += (_, _) => Read();
        _watcher.Renamed += (_, _) => Read();
        _watcher.EnableRaisingEvents = true;
        _recheck = time.CreateTimer(_ => Read(), null, Recheck, Recheck);
    }

    public event Action? Changed;

    public OwnerPolicy Current => _current;

    /// <summary>What is wrong with a file, all at once; empty when it can be used.</summary>
    public static IReadOnlyList<string> Problems(string path)
    {
        try
        {
            return [.. OwnerPolicyReader.Read(File.ReadAllText(path)).Errors.Select(error => $"{path}: {error}")];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [$"{path}: {e.Message}"];
        }
    }

    public void Dispose()
    {
        _watcher.Dispose();
        _recheck.Dispose();
    }

    private void Read()
    {
        lock (_lock)
        {
            var read = ReadText();
            if (read == _read)
                return;
            _read = read;
            var (policy, errors) = read.Text is { } text ? OwnerPolicyReader.Read(text) : (null, [read.Problem!]);
            _current = policy ?? new OwnerPolicy();
            if (policy is null)
                LogUnusable(_path, string.Join("; ", errors));
            else
                LogRead(_path);
        }

        Changed?.Invoke();
    }

    private (string? Text, string? Problem) ReadText()
    {
        try
        {
            return (File.ReadAllText(_path), null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The owner's policy is {Path}")]
    private partial void LogRead(string path);

    [LoggerMessage(Level = LogLevel.Error, Message = "The owner's policy {Path} cannot be used, and so nothing is permitted: {Errors}")]
    private partial void LogUnusable(string path, string errors);
}
