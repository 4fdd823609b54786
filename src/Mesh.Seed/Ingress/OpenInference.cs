using Mesh.Seed.Ingress.Grpc;
using Mesh.Seed.Models;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Mesh.Seed.Ingress;

/// <summary>Registers the model repository and what both ingresses need.</summary>
public static class OpenInference
{
    /// <summary>
    /// Expects <see cref="Routing.IInferenceGateway"/> and <see cref="IReadiness"/> to be registered by who owns them.
    /// The models are known once the host has started.
    /// </summary>
    public static IServiceCollection AddOpenInference(this IServiceCollection services, IngressOptions options, string modelsFolder)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(provider => new ModelRepository(modelsFolder, provider.GetRequiredService<ILogger<ModelRepository>>()));
        services.AddHostedService<ModelRepositoryScanner>();
        services.AddSingleton<InferenceStatistics>();
        services.AddSingleton<ClientKeys>();
        services.AddSingleton<InferenceFrontEnd>();
        return services.AddOpenInferenceGrpc(options);
    }
}
