using System.Globalization;
using Mesh.Seed.Models;
using Mesh.Seed.Routing;
using static Mesh.Seed.Ingress.RequestRefusedException;

namespace Mesh.Seed.Ingress.Rest;

/// <summary><c>POST /v2/models/{model}[/versions/{version}]/infer</c>.</summary>
internal sealed class InferEndpoint(InferenceFrontEnd frontEnd, ClientKeys clients, IngressOptions options)
{
    private const string HeaderLength = "Inference-Header-Content-Length";

    public async Task HandleAsync(HttpContext context)
    {
        var model = frontEnd.Find(RestRoute.Model(context), RestRoute.Version(context));
        var jsonLength = ReadHeaderLength(context.Request);
        var body = await RequestBody.ReadAsync(context, options.MaxRequestBytes);
        bool[] binary = [];
        var answer = await frontEnd.InferAsync(
            model,
            () =>
            {
                var request = Read(model, body, jsonLength);
                binary = OutputForms.Read(model, request);
                return request;
            },
            clients.Identify(context.Request.Headers.Authorization, context.Request.Headers["X-API-Key"]),
            deadline: null,
            context.RequestAborted);
        if (answer.Outcome.Outcome == RequestOutcome.Ok)
            await WriteAnswerAsync(context, answer, binary);
        else
            await WriteOutcomeAsync(context, answer.Outcome);
    }

    private static InferRequest Read(ServedModel model, PooledBuffer body, long? jsonLength)
    {
        if (jsonLength is null)
        {
            // Decoding copies everything out of the text. With a binary part the tensors are slices of the body, which
            // then is left to the garbage collector: a vehicle's stream may read them after the request has ended.
            using (body)
                return InferRequestReader.Read(body.Written, body.Length);
        }

        if (jsonLength == 0)
            return RawBinaryRequest.Read(model, body.Written);
        if (jsonLength > body.Length)
            throw Invalid($"header {HeaderLength} is {jsonLength}, but the body has only {body.Length} bytes");
        return InferRequestReader.Read(body.Written, (int)jsonLength);
    }

    private static long? ReadHeaderLength(HttpRequest request)
    {
        if (!request.Headers.TryGetValue(HeaderLength, out var text))
            return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            ? length
            : throw Invalid($"header {HeaderLength} must be a decimal number of bytes, got '{text}'");
    }

    private static async Task WriteAnswerAsync(HttpContext context, InferenceAnswer answer, bool[] binary)
    {
        using var body = new PooledBuffer();
        var jsonLength = InferResponseWriter.Write(answer, binary, body);
        if (jsonLength is { } length)
            context.Response.Headers[HeaderLength] = length.ToString(CultureInfo.InvariantCulture);
        await RestResponse.WriteBodyAsync(context, jsonLength is null ? RestResponse.Json : "application/octet-stream", body.Written);
    }

    private static Task WriteOutcomeAsync(HttpContext context, InferenceOutcome outcome)
    {
        var status = outcome.Outcome switch
        {
            RequestOutcome.Invalid => StatusCodes.Status400BadRequest,
            RequestOutcome.Overloaded => StatusCodes.Status429TooManyRequests,
            RequestOutcome.Unavailable => StatusCodes.Status503ServiceUnavailable,
            RequestOutcome.DeadlineExceeded => StatusCodes.Status504GatewayTimeout,
            RequestOutcome.Cancelled => StatusCodes.Status499ClientClosedRequest,
            RequestOutcome.Failed => StatusCodes.Status500InternalServerError,
            _ => throw new InvalidOperationException($"Outcome {outcome.Outcome} has no status."),
        };
        return RestResponse.WriteErrorAsync(context, status, outcome.Error, outcome.RetryAfter);
    }
}
