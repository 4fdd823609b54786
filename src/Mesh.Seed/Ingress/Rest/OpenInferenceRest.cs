namespace Mesh.Seed.Ingress.Rest;

/// <summary>The Open Inference Protocol v2 over HTTP, with those of Triton's extensions that the server's metadata lists.</summary>
public static class OpenInferenceRest
{
    /// <summary>
    /// Maps every path of the protocol, and answers any other path with OIP's error object. The returned convention builder
    /// covers all of them, for example to bind them to one port.
    /// </summary>
    public static IEndpointConventionBuilder MapOpenInferenceRest(this IEndpointRouteBuilder endpoints)
    {
        var services = endpoints.ServiceProvider;
        var group = endpoints.MapGroup("");
        var guard = ActivatorUtilities.CreateInstance<RestGuard>(services);
        var models = ActivatorUtilities.CreateInstance<ModelEndpoints>(services);
        var health = ActivatorUtilities.CreateInstance<HealthEndpoints>(services);
        var infer = ActivatorUtilities.CreateInstance<InferEndpoint>(services);

        Map(HttpMethods.Get, "/v2", models.ServerAsync);
        Map(HttpMethods.Get, "/v2/health/live", HealthEndpoints.LiveAsync);
        Map(HttpMethods.Get, "/v2/health/ready", health.ReadyAsync);
        Map(HttpMethods.Get, "/healthz/startup", health.StartupAsync);
        Map(HttpMethods.Post, "/v2/repository/index", models.IndexAsync);
        Map(HttpMethods.Get, "/v2/models/stats", models.StatisticsAsync);
        foreach (var model in (string[])["/v2/models/{model}", "/v2/models/{model}/versions/{version}"])
        {
            Map(HttpMethods.Get, model, models.ModelAsync);
            Map(HttpMethods.Get, $"{model}/ready", models.ModelReadyAsync);
            Map(HttpMethods.Get, $"{model}/stats", models.StatisticsAsync);
            Map(HttpMethods.Post, $"{model}/infer", infer.HandleAsync);
        }

        group.MapFallback("{**path}", context => RestResponse.WriteErrorAsync(
            context, StatusCodes.Status404NotFound, $"there is nothing at {context.Request.Path}"));
        return group;

        void Map(string verb, string pattern, RequestDelegate handler)
        {
            group.MapMethods(pattern, [verb], context => guard.RunAsync(context, handler));
            // Without a verb of its own it is chosen only where no other endpoint of the path fits.
            group.Map(pattern, context => WrongVerbAsync(context, verb));
        }
    }

    private static Task WrongVerbAsync(HttpContext context, string allowed)
    {
        context.Response.Headers.Allow = allowed;
        return RestResponse.WriteErrorAsync(
            context, StatusCodes.Status405MethodNotAllowed, $"{context.Request.Path} takes {allowed}, not {context.Request.Method}");
    }
}
