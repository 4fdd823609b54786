using Mesh.Seed.Batches.Storage;

namespace Mesh.Seed.Batches.Api;

/// <summary>OpenAI's Files and Batches HTTP API, so that its clients can be pointed at a mesh.</summary>
public static class BatchApi
{
    /// <summary>
    /// Registers the blob store and the limits; who owns it registers <see cref="IBatchDirectory"/>, and the ingress its own.
    /// </summary>
    public static IServiceCollection AddBatchApi(this IServiceCollection services, BatchLimits limits, Func<IBlobStore> store) => services
        .AddSingleton(limits)
        .AddSingleton(_ => store());

    /// <summary>
    /// Maps every path under <c>/v1</c>. The returned convention builder covers all of them, for example to bind them to one port.
    /// </summary>
    public static IEndpointConventionBuilder MapBatchApi(this IEndpointRouteBuilder endpoints)
    {
        var services = endpoints.ServiceProvider;
        var group = endpoints.MapGroup("/v1");
        var guard = ActivatorUtilities.CreateInstance<ApiGuard>(services);
        var files = ActivatorUtilities.CreateInstance<FileEndpoints>(services);
        var batches = ActivatorUtilities.CreateInstance<BatchEndpoints>(services);

        Map("/files", (HttpMethods.Get, files.ListAsync), (HttpMethods.Post, files.UploadAsync));
        Map("/files/{id}", (HttpMethods.Get, files.RetrieveAsync), (HttpMethods.Delete, files.DeleteAsync));
        Map("/files/{id}/content", (HttpMethods.Get, files.ContentAsync));
        Map("/batches", (HttpMethods.Get, batches.ListAsync), (HttpMethods.Post, batches.CreateAsync));
        Map("/batches/{id}", (HttpMethods.Get, batches.RetrieveAsync));
        Map("/batches/{id}/cancel", (HttpMethods.Post, batches.CancelAsync));
        group.Map("/{**path}", context => guard.RunAsync(context, Nothing));
        return group;

        void Map(string pattern, params (string Verb, RequestDelegate Handler)[] handlers)
        {
            foreach (var (verb, handler) in handlers)
                group.MapMethods(pattern, [verb], context => guard.RunAsync(context, handler));
            // Without a verb of its own it is chosen only where no other endpoint of the path fits.
            var verbs = string.Join(", ", handlers.Select(handler => handler.Verb));
            group.Map(pattern, context => guard.RunAsync(context, _ => WrongVerb(context, verbs)));
        }
    }

    private static Task WrongVerb(HttpContext context, string allowed)
    {
        context.Response.Headers.Allow = allowed;
        throw new ApiRefusedException(
            StatusCodes.Status405MethodNotAllowed, $"{context.Request.Path} takes {allowed}, not {context.Request.Method}", "method_not_supported");
    }

    private static Task Nothing(HttpContext context) => throw new ApiRefusedException(
        StatusCodes.Status404NotFound, $"there is nothing at {context.Request.Method} {context.Request.Path}", "unknown_url");
}
