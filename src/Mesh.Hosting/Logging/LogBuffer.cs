using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Mesh.Hosting.Logging;

/// <summary>One line of the log. <paramref name="Message"/> ends with the exception, if there was one.</summary>
public sealed record LogLine(DateTimeOffset At, LogLevel Level, string Category, string Message);

/// <summary>Keeps what the process logged last, and tells those who listen what it logs: at most so many lines, and listeners.</summary>
[ProviderAlias("Buffer")]
public sealed class LogBuffer(TimeProvider time) : ILoggerProvider
{
    public const int MaxLines = 1000;

    public const int MaxListeners = 16;

    /// <summary>Characters; a longer message is cut.</summary>
    public const int MaxLength = 4096;

    private readonly Lock _lock = new();
    private readonly Queue<LogLine> _lines = new(MaxLines);
    private readonly List<ChannelWriter<LogLine>> _listeners = [];

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<LogLine> Lines
    {
        get
        {
            lock (_lock)
                return [.. _lines];
        }
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    /// <summary>From here on; a listener that does not keep up misses the oldest. Null: too many listen already.</summary>
    public Listener? Listen()
    {
        var channel = Channel.CreateBounded<LogLine>(new BoundedChannelOptions(MaxLines) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_lock)
        {
            if (_listeners.Count >= MaxListeners)
                return null;
            _listeners.Add(channel.Writer);
        }

        return new Listener(this, channel);
    }

    public void Dispose()
    {
        lock (_lock)
            _listeners.ForEach(listener => listener.TryComplete());
    }

    private void Add(LogLine line)
    {
        lock (_lock)
        {
            if (_lines.Count == MaxLines)
                _lines.Dequeue();
            _lines.Enqueue(line);
            foreach (var listener in _listeners)
                listener.TryWrite(line);
        }
    }

    public sealed class Listener(LogBuffer buffer, Channel<LogLine> channel) : IDisposable
    {
        public ChannelReader<LogLine> Lines => channel.Reader;

        public void Dispose()
        {
            lock (buffer._lock)
                buffer._listeners.Remove(channel.Writer);
        }
    }

    private sealed class Logger(LogBuffer buffer, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var message = formatter(state, exception);
            if (exception is not null)
                message += "\n" + exception;
            buffer.Add(new LogLine(buffer.Now, logLevel, category, message.Length > MaxLength ? message[..MaxLength] + "…" : message));
        }
    }

    private DateTimeOffset Now => time.GetUtcNow();
}
