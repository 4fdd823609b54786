using Akka.Configuration;
using Mesh.Node.Inference;
using Mesh.Node.Sessions;
using Mesh.Node.Units;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Hosting;

/// <summary>Puts a vehicle's process together: the engine, and the sessions that feed it.</summary>
public static class VehicleProgram
{
    public static IHost Build(VehicleSettings settings, Config hocon)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.SetMinimumLevel(settings.LogLevel)
            .AddFilter("Microsoft.Hosting", LogLevel.Warning).AddFilter("System.Net.Http", LogLevel.Warning)
            .AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat) = (true, "HH:mm:ss.fff "));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = settings.DrainGrace + TimeSpan.FromSeconds(30));
        builder.Services
            .AddSingleton(settings)
            .AddSingleton(hocon)
            .AddSingleton(TimeProvider.System)
            .AddSingleton(new ModelStoreOptions { Folder = Path.Combine(settings.Data, "models"), QuotaBytes = settings.DiskBytes })
            .AddSingleton(new InferenceEngineOptions
            {
                Threads = settings.Threads,
                IntraOpThreads = settings.IntraOpThreads,
                MemoryBytes = settings.MemoryBytes,
            })
            .AddSingleton<ModelStore>()
            .AddSingleton<InferenceEngine>()
            .AddSingleton<IInferenceEngine>(provider => provider.GetRequiredService<InferenceEngine>())
            .AddSingleton(new UnitWorkOptions())
            .AddSingleton<UnitWork>()
            .AddHostedService<VehicleHost>();
        return builder.Build();
    }
}
