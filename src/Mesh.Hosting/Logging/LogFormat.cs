using Microsoft.Extensions.Logging;

namespace Mesh.Hosting.Logging;

/// <summary>How a program writes its log to standard output.</summary>
public enum LogFormat
{
    /// <summary>A line for people, with local time.</summary>
    Text,

    /// <summary>An object a line for programs, with UTC time, the message's values and the trace that it belongs to.</summary>
    Json,
}

public static class LogFormatExtensions
{
    public const string SettingNeeds = "text (a line for people) or json (an object a line, with UTC times and trace ids)";

    public static ILoggingBuilder AddMeshConsole(this ILoggingBuilder logging, LogFormat format)
    {
        if (format == LogFormat.Text)
            return logging.AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat) = (true, "HH:mm:ss.fff "));
        logging.Configure(factory => factory.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);
        return logging.AddJsonConsole(console =>
        {
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            console.IncludeScopes = true;
        });
    }
}
