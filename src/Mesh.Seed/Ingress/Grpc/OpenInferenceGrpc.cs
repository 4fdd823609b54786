namespace Mesh.Seed.Ingress.Grpc;

/// <summary>The Open Inference Protocol v2 over gRPC.</summary>
public static class OpenInferenceGrpc
{
    /// <summary>
    /// Registers the service with its message limits; other gRPC services of the process keep their own.
    /// <see cref="OpenInference.AddOpenInference"/> calls it.
    /// </summary>
    public static IServiceCollection AddOpenInferenceGrpc(this IServiceCollection services, IngressOptions options)
    {
        services.AddGrpc().AddServiceOptions<OpenInferenceService>(service =>
        {
            service.MaxReceiveMessageSize = (int)Math.Min(options.MaxRequestBytes, int.MaxValue);
            service.MaxSendMessageSize = null;
        });
        // It has no state; one instance spares a construction per call.
        services.AddSingleton<OpenInferenceService>();
        return services;
    }

    /// <summary>Maps <c>inference.GRPCInferenceService</c>; the returned builder can bind it to one port.</summary>
    public static GrpcServiceEndpointConventionBuilder MapOpenInferenceGrpc(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapGrpcService<OpenInferenceService>();
}
