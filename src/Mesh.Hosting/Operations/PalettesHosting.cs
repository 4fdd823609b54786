using Mesh.Hosting.Logging;
using Mesh.Operations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mesh.Hosting.Operations;

/// <summary>The palettes that every member serves.</summary>
public static class PalettesHosting
{
    /// <summary>Needs an <see cref="IClusterMember"/> and a <see cref="TimeProvider"/>.</summary>
    public static IServiceCollection AddMemberPalettes(this IServiceCollection services) => services
        .AddSingleton<ICommandHandler, ClusterHandler>()
        .AddSingleton<ICommandHandler, ShardingHandler>()
        .AddSingleton<ICommandHandler, ActorHandler>()
        .AddSingleton<ICommandHandler, LogHandler>()
        .AddSingleton<ICommandHandler, SystemHandler>();

    /// <summary>Keeps the last lines for operators, and lets them change the least level.</summary>
    public static ILoggingBuilder AddOperatorsLog(this ILoggingBuilder logging)
    {
        logging.Services
            .AddSingleton<LogBuffer>()
            .AddSingleton<ILoggerProvider>(provider => provider.GetRequiredService<LogBuffer>())
            .AddSingleton<LogLevelSwitch>()
            .AddSingleton<IPostConfigureOptions<LoggerFilterOptions>>(provider => provider.GetRequiredService<LogLevelSwitch>())
            .AddSingleton<IOptionsChangeTokenSource<LoggerFilterOptions>>(provider => provider.GetRequiredService<LogLevelSwitch>());
        return logging;
    }
}
