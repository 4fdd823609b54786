using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Mesh.Hosting.Operations;

public static class OperationsExtensions
{
    /// <summary>
    /// Serves every registered <see cref="Mesh.Operations.ICommandHandler"/> to pbm. Before the services whose start and end an operator wants to see.
    /// </summary>
    /// <param name="program">E.g. "mesh-seed".</param>
    /// <param name="data">The folder of the audit log.</param>
    public static IServiceCollection AddOperations(this IServiceCollection services, OperationsSettings settings, string program, string data)
    {
        services.TryAddSingleton(TimeProvider.System);
        return services
            .AddSingleton(settings)
            .AddSingleton(new OperationsIdentity($"{program} {Version}"))
            .AddSingleton(provider => new AuditLog(
                data, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<AuditLog>>()))
            .AddSingleton<CommandRunner>()
            .AddSingleton<OperationsHost>()
            .AddHostedService(provider => provider.GetRequiredService<OperationsHost>());
    }

    private static string Version => typeof(OperationsExtensions).Assembly.GetName().Version?.ToString(3) ?? "";
}
