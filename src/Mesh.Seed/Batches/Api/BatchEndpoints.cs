using Mesh.Messages.Control;
using Mesh.Seed.Ingress;
using Mesh.Seed.Ingress.Rest;
using static Mesh.Seed.Batches.Api.ApiRefusedException;

namespace Mesh.Seed.Batches.Api;

/// <summary><c>/v1/batches</c>: OpenAI's Batch API, whose lines are requests of the Open Inference Protocol.</summary>
internal sealed class BatchEndpoints(IBatchDirectory directory, InferenceFrontEnd frontEnd)
{
    private const int MaxBodyBytes = 1 << 20;
    private const int MaxKeyLength = 255;
    private const int MostListed = 100;
    private const int UsuallyListed = 20;

    public async Task CreateAsync(HttpContext context)
    {
        var key = IdempotencyKey(context.Request);
        NewBatch request;
        using (var body = await RequestBody.ReadAsync(context, MaxBodyBytes))
            request = NewBatchReader.Read(body.Written, key) with { Trace = BatchSpans.Cause };
        CheckModel(request.Endpoint);
        await WriteAsync(context, await directory.CreateBatchAsync(request, context.RequestAborted));
    }

    public async Task ListAsync(HttpContext context)
    {
        var page = await directory.ListBatchesAsync(
            ApiQuery.Text(context, "after"), ApiQuery.Limit(context, MostListed, UsuallyListed), context.RequestAborted);
        await RestResponse.WriteJsonAsync(
            context, StatusCodes.Status200OK, writer => ApiJson.Write(writer, page, batch => batch.Id, ApiJson.Write));
    }

    public async Task RetrieveAsync(HttpContext context)
    {
        var id = ApiQuery.Id(context);
        await WriteAsync(context, await directory.FindBatchAsync(id, context.RequestAborted) ?? throw NotFound(id));
    }

    /// <summary>Takes no body, and no Content-Type either.</summary>
    public async Task CancelAsync(HttpContext context)
    {
        var id = ApiQuery.Id(context);
        await WriteAsync(context, await directory.CancelBatchAsync(id, context.RequestAborted) ?? throw NotFound(id));
    }

    private void CheckModel(string endpoint)
    {
        var (model, version) = NewBatchReader.Endpoint(endpoint);
        try
        {
            frontEnd.Find(model, version);
        }
        catch (RequestRefusedException e)
        {
            throw Invalid($"'endpoint' {endpoint}: {e.Message}", "endpoint", e.Refusal == Refusal.NotFound ? "model_not_found" : "model_not_ready");
        }
    }

    private static string? IdempotencyKey(HttpRequest request)
    {
        if (!request.Headers.TryGetValue("Idempotency-Key", out var values))
            return null;
        return values is [{ Length: >= 1 and <= MaxKeyLength } key]
            ? key
            : throw Invalid($"header Idempotency-Key must have 1 to {MaxKeyLength} characters", "Idempotency-Key", "invalid_value");
    }

    private static Task WriteAsync(HttpContext context, BatchEntry batch) =>
        RestResponse.WriteJsonAsync(context, StatusCodes.Status200OK, writer => ApiJson.Write(writer, batch));

    private static ApiRefusedException NotFound(string id) =>
        new(StatusCodes.Status404NotFound, $"there is no batch '{id}'", "not_found", "id");
}
