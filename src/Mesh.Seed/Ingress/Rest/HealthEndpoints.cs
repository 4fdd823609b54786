using Mesh.Seed.Health;

namespace Mesh.Seed.Ingress.Rest;

/// <summary>
/// What probes ask: <c>/v2/health/live</c>, <c>/v2/health/ready</c> and <c>/healthz/startup</c>. Clients of the protocol look at
/// the code alone; the body tells people why.
/// </summary>
internal sealed class HealthEndpoints(IReadiness readiness)
{
    /// <summary>The process answers: whatever else is wrong, starting it again would not mend it.</summary>
    public static Task LiveAsync(HttpContext context) => RestResponse.WriteJsonAsync(context, StatusCodes.Status200OK, writer =>
    {
        writer.WriteStartObject();
        writer.WriteBoolean("live"u8, true);
        writer.WriteString("status"u8, "live"u8);
        writer.WriteEndObject();
    });

    /// <summary>400 when not ready, as Triton. OIP's text spells the field "live"; both spellings tell the same.</summary>
    public Task ReadyAsync(HttpContext context)
    {
        var report = readiness.Report();
        return RestResponse.WriteJsonAsync(context, report.IsReady ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest, writer =>
        {
            writer.WriteStartObject();
            writer.WriteBoolean("live"u8, report.IsReady);
            writer.WriteBoolean("ready"u8, report.IsReady);
            writer.WriteString("status"u8, report.StatusText);
            writer.WriteStartArray("reasons"u8);
            foreach (var reason in report.Reasons)
            {
                writer.WriteStartObject();
                writer.WriteString("code"u8, reason.Code);
                writer.WriteString("message"u8, reason.Message);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    /// <summary>503 until this seed has been a member of its region once; for good 200 from then on.</summary>
    public Task StartupAsync(HttpContext context)
    {
        var started = readiness.HasStarted;
        return RestResponse.WriteJsonAsync(context, started ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("status"u8, started ? "started"u8 : "starting"u8);
            writer.WriteStartArray("reasons"u8);
            if (!started)
            {
                writer.WriteStartObject();
                writer.WriteString("code"u8, HealthCodes.Joining);
                writer.WriteString("message"u8, "this seed has not joined its region yet"u8);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }
}
