using System.Security.Cryptography.X509Certificates;

namespace Mesh.Hosting.Operations;

/// <summary>When somebody must hear of a certificate's end. Pure.</summary>
internal static class Expiry
{
    /// <summary>How long before its end a certificate's is told.</summary>
    public static readonly TimeSpan Notice = TimeSpan.FromDays(14);

    /// <summary>E.g. "expires in 2 days, at …"; null = there is time.</summary>
    /// <param name="notice">How long before the end.</param>
    public static string? Warning(DateTimeOffset from, DateTimeOffset until, DateTimeOffset now, TimeSpan notice) =>
        now < from ? $"is valid only from {Of(from)}, in {Span(from - now)}"
        : now > until ? $"has expired {Span(now - until)} ago, at {Of(until)}"
        : until - now <= notice ? $"expires in {Span(until - now)}, at {Of(until)}"
        : null;

    public static string? Warning(X509Certificate2 certificate, DateTimeOffset now) =>
        Warning(certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime(), now, Notice);

    public static string Of(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);

    private static string Span(TimeSpan span) =>
        span.TotalDays >= 2 ? $"{(int)span.TotalDays} days" : span.TotalHours >= 2 ? $"{(int)span.TotalHours} h" : $"{(int)span.TotalMinutes} min";
}
