using Microsoft.Extensions.Logging;

namespace Mesh.Node.Policy;

/// <summary>
/// The owner's policy in a file, read again whenever that changes. A file that is gone or has errors permits nothing: an owner
/// who takes something back must not be held to the version before for a misplaced comma. Only what it said of the computer
/// stays: nothing is permitted by that, and a running process is not squeezed for the comma.
/// </summary>
public sealed partial class OwnerPolicyFile : IOwnerPolicies, IDisposable
{
    /// <summary>In case that the file system tells of no changes, or of too many.</summary>
    private static readonly TimeSpan Recheck = TimeSpan.FromSeconds(2);

    private readonly string _path;
    private readonly ILogger<OwnerPolicyFile> _logger;
    private readonly IDisposable? _watcher;
    private readonly ITimer _recheck;
    private readonly Lock _lock = new();
    private (string? Text, string? Problem) _read;
    private volatile OwnerPolicy _current = new();

    public OwnerPolicyFile(string path, TimeProvider time, ILogger<OwnerPolicyFile> logger)
        : this(path, time, logger, Watch)
    {
    }

    /// <param name="watch">Calls back when the file at a path may have changed, until disposed of.</param>
    internal OwnerPolicyFile(string path, TimeProvider time, ILogger<OwnerPolicyFile> logger, Func<string, Action, IDisposable> watch)
    {
        (_path, _logger) = (Path.GetFullPath(path), logger);
        Read();
        try
        {
            _watcher = watch(_path, Read);
        }
        catch (IOException e)
        {
            // Such as where other programs watch as much as the kernel lets this user.
            LogUnwatched(_path, e.Message, Recheck.TotalSeconds);
        }

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
        _watcher?.Dispose();
        _recheck.Dispose();
    }

    private static FileSystemWatcher Watch(string path, Action changed)
    {
        // The folder is watched, not the file: editors and provisioning replace files by renaming.
        var watcher = new FileSystemWatcher(Path.GetDirectoryName(path)!, Path.GetFileName(path));
        try
        {
            watcher.Changed += (_, _) => changed();
            watcher.Created += (_, _) => changed();
            watcher.Deleted += (_, _) => changed();
            watcher.Renamed += (_, _) => changed();
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch
        {
            watcher.Dispose();
            throw;
        }
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
            _current = policy ?? new OwnerPolicy { Computer = _current.Computer };
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "The file system does not tell of changes of {Path}, it is looked at every {Seconds} s: {Reason}")]
    private partial void LogUnwatched(string path, string reason, double seconds);
}
