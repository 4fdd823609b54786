using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Dispatch;
using Akka.Event;
using Microsoft.Extensions.Logging;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Mesh.Hosting.Logging;

/// <summary>Hands the process's logger factory to the ActorSystem.</summary>
public sealed class LoggingSetup(ILoggerFactory factory) : Setup
{
    public ILoggerFactory Factory { get; } = factory;
}

/// <summary>
/// Sends Akka's log events to the process's logger, so that both read as one. A system without a
/// <see cref="LoggingSetup"/> (some tests) logs nothing.
/// </summary>
public sealed class AkkaLogger : ReceiveActor, IRequiresMessageQueue<ILoggerMessageQueueSemantics>
{
    private readonly ILoggerFactory? _factory =
        Context.System.Settings.Setup.Get<LoggingSetup>() is { HasValue: true } setup ? setup.Value.Factory : null;

    public AkkaLogger()
    {
        Receive<InitializeLogger>(_ => Sender.Tell(new LoggerInitialized()));
        Receive<LogEvent>(Write);
    }

    private void Write(LogEvent log)
    {
        if (_factory is null)
            return;
        var logger = _factory.CreateLogger(Category(log));
        var level = log.LogLevel() switch
        {
            Akka.Event.LogLevel.ErrorLevel => LogLevel.Error,
            Akka.Event.LogLevel.WarningLevel => LogLevel.Warning,
            Akka.Event.LogLevel.InfoLevel => LogLevel.Information,
            _ => LogLevel.Debug,
        };
        if (logger.IsEnabled(level))
            logger.Log(level, default, log.Message?.ToString() ?? "", log.Cause, static (message, _) => message);
    }

    /// <summary>The class that logs; Akka's own parts that log under a plain name ('remoting') have none.</summary>
    private static string Category(LogEvent log) =>
        log.LogClass.Namespace?.StartsWith("Akka.Event", StringComparison.Ordinal) == false
            ? log.LogClass.FullName ?? log.LogClass.Name
            : "Akka." + log.LogSource.Split(' ', '(', '[')[0];
}
