using System.Security.Cryptography;
using System.Text;
using Akka.Configuration;
using Mesh.Hosting.Logging;
using Mesh.Hosting.Operations;
using Mesh.Messages;
using Mesh.Node.Inference;
using Mesh.Node.Limits;
using Mesh.Node.Metering;
using Mesh.Node.Observability;
using Mesh.Node.Operations;
using Mesh.Node.Policy;
using Mesh.Node.Sessions;
using Mesh.Node.Telemetry;
using Mesh.Node.Telemetry.Kuksa;
using Mesh.Node.Units;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Hosting;

/// <summary>Puts a vehicle's process together: the engine, and the sessions that feed it.</summary>
public static partial class VehicleProgram
{
    public static IHost Build(VehicleSettings settings, Config hocon)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.SetMinimumLevel(settings.LogLevel)
            .AddFilter("Microsoft.Hosting", LogLevel.Warning).AddFilter("Microsoft.AspNetCore", LogLevel.Warning).AddFilter("Grpc", LogLevel.Warning).AddFilter("System.Net.Http", LogLevel.Warning)
            .AddOperatorsLog().AddMeshConsole(settings.LogFormat);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = settings.DrainGrace + TimeSpan.FromSeconds(30));
        AddOwner(builder.Services.AddSingleton(settings).AddSingleton(hocon).AddSingleton(TimeProvider.System).AddSingleton(SystemFiles.Real));
        var power = new ControlUnitPower(settings.ControlUnit);
        // A source that has no such signal would only make the log promise a measurement.
        builder.Services.AddMetering(settings, settings.Telemetry is TelemetrySpec.Fixed ? null : power.Watts);
        builder.Services.AddOperations(settings.Operations, "mesh-node", settings.Data);
        builder.AddTelemetry(settings, Environment.GetEnvironmentVariables());
        AddInference(builder.Services, settings);
        builder.Services.AddSingleton(provider => new LifeLog(settings.Data, provider.GetRequiredService<ILogger<LifeLog>>()));
        builder.Services.AddHostedService(Limits);
        builder.Services
            .AddSingleton<VehicleHost>()
            .AddHostedService(provider => provider.GetRequiredService<VehicleHost>())
            .AddSingleton<IClusterMember>(provider => provider.GetRequiredService<VehicleHost>())
            .AddMemberPalettes()
            .AddMeshPalette();
        var host = builder.Build();
        host.Services.StartTelemetry();
        power.Follow(host.Services.GetRequiredService<EligibilityWatch>());
        return host;
    }

    private static void AddOwner(IServiceCollection services) => services
        .AddSingleton(Telemetry)
        .AddSingleton(Policies)
        .AddSingleton(provider => new EligibilityWatch(
            provider.GetRequiredService<ITelemetrySource>(),
            provider.GetRequiredService<IOwnerPolicies>(),
            (policy, now) => provider.GetRequiredService<UsageRecorder>().UsageOf(policy.DayOf(now)).ToUsageToday(),
            provider.GetRequiredService<ILogger<EligibilityWatch>>(),
            provider.GetRequiredService<OperatorDrain>()))
        .AddSingleton(provider => new OperatorDrain(
            provider.GetRequiredService<VehicleSettings>().Data,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<OperatorDrain>>()));

    private static void AddInference(IServiceCollection services, VehicleSettings settings) => services
        .AddSingleton(provider => new ModelStoreOptions
        {
            Folder = Path.Combine(settings.Data, "models"),
            QuotaBytes = settings.DiskBytes,
            Fetched = bytes => provider.GetRequiredService<UsageRecorder>().AddFetched(bytes),
        })
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
        .AddSingleton<UnitWork>();

    private static ComputerLimits Limits(IServiceProvider services)
    {
        var settings = services.GetRequiredService<VehicleSettings>();
        return new ComputerLimits(
            services.GetRequiredService<IOwnerPolicies>(),
            services.GetRequiredService<EligibilityWatch>(),
            services.GetRequiredService<IInferenceEngine>(),
            settings.Cgroup,
            // Two processes of one vehicle id, as in tests, are told apart by their data.
            $"mesh-{settings.Vehicle}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(settings.Data)))[..8]}",
            services.GetRequiredService<SystemFiles>(),
            services.GetRequiredService<ILogger<ComputerLimits>>());
    }

    private static ITelemetrySource Telemetry(IServiceProvider services)
    {
        var (source, errors) = services.GetRequiredService<VehicleSettings>().Telemetry.Open(
            services.GetRequiredService<TimeProvider>(), Random.Shared, services.GetRequiredService<ILoggerFactory>());
        return source switch
        {
            null => throw new InvalidOperationException(string.Join("; ", errors)),
            // The others say themselves how much memory there is.
            KuksaTelemetry => new HostTelemetry(source, new MemoryProbe(services.GetRequiredService<SystemFiles>())),
            _ => source,
        };
    }

    private static IOwnerPolicies Policies(IServiceProvider services)
    {
        var settings = services.GetRequiredService<VehicleSettings>();
        var logger = services.GetRequiredService<ILogger<OwnerPolicyFile>>();
        switch (settings.Policy)
        {
            case "":
                LogNoPolicy(logger, settings.Vehicle);
                return new FixedOwnerPolicy(new OwnerPolicy());
            case VehicleSettings.DemoPolicy:
                LogDemoPolicy(logger, settings.Vehicle);
                return new FixedOwnerPolicy(OwnerPolicy.Demo);
            default:
                return new OwnerPolicyFile(settings.Policy, services.GetRequiredService<TimeProvider>(), logger);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Vehicle} has no owner's policy (--policy): it joins no region and does no work")]
    private static partial void LogNoPolicy(ILogger logger, VehicleId vehicle);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Vehicle} runs with --policy demo: ALL WORK IS ALLOWED, AT ANY TIME AND ANY COST. For demonstrations and tests only.")]
    private static partial void LogDemoPolicy(ILogger logger, VehicleId vehicle);
}
