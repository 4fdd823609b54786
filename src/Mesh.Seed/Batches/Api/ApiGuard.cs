using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Mesh.Messages.Control;
using Mesh.Seed.Ingress;
using Mesh.Seed.Ingress.Rest;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Mesh.Seed.Batches.Api;

/// <summary>
/// Around every handler of the Files and Batches API: gives the call its id, and turns whatever goes wrong into OpenAI's error
/// object with the right code, and with what its clients go by when they try again.
/// </summary>
internal sealed partial class ApiGuard(ILogger<ApiGuard> logger)
{
    private const int RetryAfterMs = 1000;

    private readonly ILogger _logger = logger;

    public async Task RunAsync(HttpContext context, RequestDelegate handler)
    {
        context.TraceIdentifier = "req_" + RandomNumberGenerator.GetHexString(32, lowercase: true);
        context.Response.Headers["x-request-id"] = context.TraceIdentifier;
        try
        {
            await handler(context);
        }
        catch (Exception e) when (e is OperationCanceledException or ConnectionResetException && context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to read an answer; the code is for the server's own log and metrics.
            if (!context.Response.HasStarted)
                context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
        }
        catch (Exception e) when (context.Response.HasStarted)
        {
            LogCut(context.Request.Method, context.Request.Path, context.TraceIdentifier, e);
            context.Abort();
        }
        catch (Exception e)
        {
            await WriteErrorAsync(context, Refusal(context, e));
        }
    }

    private ApiRefusedException Refusal(HttpContext context, Exception exception)
    {
        switch (exception)
        {
            case ApiRefusedException refused:
                return refused;
            case BatchRefusedException refused:
                return new ApiRefusedException(Status(refused.Refusal), refused.Message, refused.Code, refused.Param);
            case RequestRefusedException refused:
                return new ApiRefusedException(RestGuard.Status(refused.Refusal), refused.Message);
            default:
                LogFailure(context.Request.Method, context.Request.Path, context.TraceIdentifier, exception);
                return new ApiRefusedException(
                    StatusCodes.Status500InternalServerError,
                    $"the server failed to handle the request; its log says why at {context.TraceIdentifier}");
        }
    }

    private static int Status(BatchRefusal refusal) => refusal switch
    {
        BatchRefusal.Invalid => StatusCodes.Status400BadRequest,
        BatchRefusal.NotFound => StatusCodes.Status404NotFound,
        BatchRefusal.Conflict => StatusCodes.Status409Conflict,
        BatchRefusal.Overloaded => StatusCodes.Status429TooManyRequests,
        BatchRefusal.Unavailable => StatusCodes.Status503ServiceUnavailable,
        _ => throw new ArgumentOutOfRangeException(nameof(refusal), refusal, "has no status"),
    };

    private static Task WriteErrorAsync(HttpContext context, ApiRefusedException refusal)
    {
        var headers = context.Response.Headers;
        if (refusal.Status == StatusCodes.Status409Conflict)
            headers["x-should-retry"] = "false"; // OpenAI's clients would try it again.
        if (refusal.Status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
        {
            headers["retry-after-ms"] = RetryAfterMs.ToString(CultureInfo.InvariantCulture);
            headers.RetryAfter = RetryAdvice.Seconds(TimeSpan.FromMilliseconds(RetryAfterMs)).ToString(CultureInfo.InvariantCulture);
        }

        return RestResponse.WriteJsonAsync(context, refusal.Status, writer => Write(writer, refusal));
    }

    private static void Write(Utf8JsonWriter writer, ApiRefusedException refusal)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("error"u8);
        writer.WriteString("message"u8, refusal.Message);
        writer.WriteString("type"u8, refusal.Status switch
        {
            StatusCodes.Status429TooManyRequests => "rate_limit_error",
            >= 500 => "server_error",
            _ => "invalid_request_error",
        });
        writer.WriteString("param"u8, refusal.Param);
        writer.WriteString("code"u8, refusal.Code);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
