using System.Globalization;
using Mesh.Hosting.Settings;
using Mesh.Node.Telemetry.Kuksa;
using Mesh.Node.Telemetry.Traces;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Telemetry;

/// <summary>Which source of telemetry a vehicle has, as the setting <c>telemetry</c> says.</summary>
public abstract record TelemetrySpec
{
    public const string Needs = "'fixed' (always parked, plugged in and on Wi-Fi), 'manual', trace:FILE[@SPEED[@BEGIN]], or kuksa:HOST[:PORT]";

    private const double MaxSpeed = 100_000;

    private TelemetrySpec()
    {
    }

    /// <summary>Signals that never change.</summary>
    public sealed record Fixed : TelemetrySpec;

    /// <summary>Signals that an operator's command changes.</summary>
    public sealed record Manual : TelemetrySpec;

    /// <param name="Speed">1 = real time.</param>
    /// <param name="Begins">The real time of the first line's moment, so that several vehicles replay in step; null = at the vehicle's start.</param>
    public sealed record Trace(string File, double Speed, DateTimeOffset? Begins = null) : TelemetrySpec;

    public sealed record Kuksa(KuksaOptions Options) : TelemetrySpec;

    /// <summary>Null for a text that is none.</summary>
    public static TelemetrySpec? Parse(string text) => text switch
    {
        "fixed" => new Fixed(),
        "manual" => new Manual(),
        _ when text.StartsWith("trace:", StringComparison.Ordinal) => ParseTrace(text["trace:".Length..]),
        _ when text.StartsWith("kuksa:", StringComparison.Ordinal) => ParseKuksa(text["kuksa:".Length..]),
        _ => null,
    };

    /// <summary>The source, or what is wrong with the file or the options that it needs, all at once.</summary>
    public (ITelemetrySource? Source, IReadOnlyList<string> Errors) Open(TimeProvider clock, Random random, ILoggerFactory loggers)
    {
        switch (this)
        {
            case Fixed or Manual:
                return (new ManualTelemetry(clock), []);
            case Trace trace:
                return TraceTelemetry.Open(trace.File, trace.Speed, clock, trace.Begins);
            case Kuksa kuksa:
                var problems = kuksa.Options.Problems();
                return problems.Count > 0
                    ? (null, problems)
                    : (new KuksaTelemetry(kuksa.Options, clock, random, loggers.CreateLogger<KuksaTelemetry>()), []);
            default:
                throw new InvalidOperationException($"{GetType()} is no source that can be opened.");
        }
    }

    private static Trace? ParseTrace(string text)
    {
        var at = text.LastIndexOf('@');
        if (at < 0)
            return text.Length > 0 ? new Trace(text, 1) : null;
        // A time has colons, a speed has none: a begin needs a speed before it.
        if (text[(at + 1)..].Contains(':', StringComparison.Ordinal))
        {
            return text[..at].Contains('@', StringComparison.Ordinal) && ParseTime(text[(at + 1)..]) is { } begins
                ? ParseTrace(text[..at]) is { } trace ? trace with { Begins = begins } : null
                : null;
        }

        return at > 0 && double.TryParse(text[(at + 1)..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var speed)
            && speed > 0 && speed <= MaxSpeed
                ? new Trace(text[..at], speed)
                : null;
    }

    private static DateTimeOffset? ParseTime(string text) => DateTimeOffset.TryParse(
        text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time : null;

    private static Kuksa? ParseKuksa(string text)
    {
        var colon = text.LastIndexOf(':');
        var host = colon < 0 ? text : text[..colon];
        var port = colon < 0 ? KuksaOptions.DefaultPort : SettingParsers.Port(text[(colon + 1)..]);
        return Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4 && port > 0
            ? new Kuksa(new KuksaOptions { Host = host, Port = port.Value })
            : null;
    }
}
