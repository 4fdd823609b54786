using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Mesh.Hosting.Logging;

/// <summary>The least level that is logged, which an operator can change while the process runs. What others filter stays filtered.</summary>
public sealed class LogLevelSwitch : IPostConfigureOptions<LoggerFilterOptions>, IOptionsChangeTokenSource<LoggerFilterOptions>, IDisposable
{
    private readonly Lock _lock = new();
    private volatile CancellationTokenSource _changed = new();
    private LogLevel? _level;

    public string Name => Options.DefaultName;

    public void Set(LogLevel level)
    {
        // One change after the other: who hears of one asks for the next token meanwhile.
        lock (_lock)
        {
            _level = level;
            // A token tells of one change: the next reader gets a new one. The old source is not disposed, since a reader may have
            // just got hold of it.
            var changed = _changed;
            _changed = new CancellationTokenSource();
            changed.Cancel();
        }
    }

    public void PostConfigure(string? name, LoggerFilterOptions options)
    {
        if (_level is { } level)
            options.MinLevel = level;
    }

    public IChangeToken GetChangeToken() => new CancellationChangeToken(_changed.Token);

    public void Dispose() => _changed.Dispose();
}
