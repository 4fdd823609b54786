using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Mesh.Seed.Ingress.Rest;

/// <summary>Around every REST handler: whatever goes wrong becomes an error object with the right code.</summary>
internal sealed partial class RestGuard(ILogger<RestGuard> logger)
{
    private readonly ILogger _logger = logger;

    public async Task RunAsync(HttpContext context, RequestDelegate handler)
    {
        try
        {
            await handler(context);
        }
        catch (RequestRefusedException e)
        {
            await RestResponse.WriteErrorAsync(context, Status(e.Refusal), e.Message);
        }
        catch (Exception e) when (e is OperationCanceledException or ConnectionResetException && context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to read an answer; the code is for the server's own log and metrics.
            if (!context.Response.HasStarted)
                context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            LogFailure(context.Request.Method, context.Request.Path, e);
            context.Response.Clear();
            await RestResponse.WriteErrorAsync(context, StatusCodes.Status500InternalServerError, "the server failed to handle the request; its log says why");
        }
    }

    public static int Status(Refusal refusal) => refusal switch
    {
        Refusal.Invalid => StatusCodes.Status400BadRequest,
        Refusal.NotFound => StatusCodes.Status404NotFound,
        Refusal.ModelUnavailable => StatusCodes.Status503ServiceUnavailable,
        Refusal.TooLarge => StatusCodes.Status413PayloadTooLarge,
        Refusal.UnsupportedCoding => StatusCodes.Status415UnsupportedMediaType,
        _ => throw new ArgumentOutOfRangeException(nameof(refusal), refusal, "has no status"),
    };
}
