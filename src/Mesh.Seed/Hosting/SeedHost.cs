using System.Diagnostics.Metrics;
using System.Net;
using Akka.Configuration;
using Mesh.Hosting.Logging;
using Mesh.Hosting.Operations;
using Mesh.Seed.Batches;
using Mesh.Seed.Batches.Api;
using Mesh.Seed.Dashboard;
using Mesh.Seed.Health;
using Mesh.Seed.Ingress;
using Mesh.Seed.Ingress.Grpc;
using Mesh.Seed.Ingress.Rest;
using Mesh.Seed.Membership;
using Mesh.Seed.Models;
using Mesh.Seed.Observability;
using Mesh.Seed.Operations;
using Mesh.Seed.Routing;
using Mesh.Seed.WorkStreams;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Mesh.Seed.Hosting;

/// <summary>Puts a seed together. The contents page of this program: one AddX for each feature, one MapX for each port.</summary>
public static partial class SeedHost
{
    public static WebApplication Build(SeedSettings settings, Config hocon)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders().SetMinimumLevel(settings.LogLevel).AddFilter("Microsoft.AspNetCore", LogLevel.Warning)
            .AddFilter("Microsoft.Hosting", LogLevel.Warning).AddFilter("Grpc", LogLevel.Warning)
            // Tells every 2 s that no seed answered; RegionFormation tells what that means.
            .AddFilter("Akka.Cluster.JoinSeedNodeProcess", LogLevel.Error)
            .AddOperatorsLog().AddMeshConsole(settings.LogFormat);
        // Leaving takes the drain limit and a hand-over; Kestrel then ends at once what still hangs.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = settings.DrainLimit + TimeSpan.FromSeconds(30));
        builder.WebHost.UseKestrel(kestrel => Listen(kestrel, settings));
        builder.Services
            .AddOperations(settings.Operations, "mesh-seed", settings.Data)
            .AddRouting(settings)
            .AddWorkStreams()
            .AddMembership(settings, hocon)
            .AddOpenInference(
                new IngressOptions { MaxRequestBytes = settings.MaxRequestBytes, DefaultTimeout = settings.RequestTimeout, Region = settings.Region },
                settings.Models)
            .AddBatches(settings)
            .AddHealth(settings.Journal)
            .AddMeshPalette()
            .AddDashboard(
                new DashboardOptions(settings.Region.Value, settings.Host, settings.Port),
                provider => provider.GetRequiredService<IReadiness>().Report())
            .AddSingleton<MatcherPolicy, ListenerMatcherPolicy>();
        builder.AddTelemetry(settings, Environment.GetEnvironmentVariables());

        var app = builder.Build();
        app.StartTelemetry();
        app.UseTraceResponse();
        app.MapOpenInferenceRest().On(Listener.Http);
        app.MapBatchApi().On(Listener.Http);
        if (settings.ServesDashboard)
            app.MapDashboard().On(Listener.Http);
        app.MapOpenInferenceGrpc().On(Listener.Grpc);
        app.MapPrometheusScrapingEndpoint("/metrics").On(Listener.Metrics);
        app.MapGrpcService<WorkStreamService>().On(Listener.Work);
        app.MapArtifacts().On(Listener.Work);
        app.Lifetime.ApplicationStarted.Register(() => Announce(app, settings));
        return app;
    }

    private static IServiceCollection AddRouting(this IServiceCollection services, SeedSettings settings) => services
        .AddSingleton(TimeProvider.System)
        .AddSingleton<MonotonicClock>()
        .AddSingleton(RouterOf(settings))
        .AddSingleton(new RequestTableLimits(settings.MaxRequests))
        .AddSingleton<RequestTable>()
        .AddSingleton<IInferenceGateway>(provider => provider.GetRequiredService<RequestTable>())
        .AddSingleton<RouterReadiness>()
        .AddSingleton<RouterMetrics>()
        .AddSingleton(provider => new EnergyMetrics(provider.GetRequiredService<IMeterFactory>(), settings.Region))
        .AddSingleton<DispatcherFeed>()
        .AddSingleton<IWorkStreamListener>(provider => provider.GetRequiredService<DispatcherFeed>());

    private static RouterSettings RouterOf(SeedSettings settings) => new() { MaxWaiting = settings.MaxWaiting, WarmCopies = settings.WarmCopies };

    private static IServiceCollection AddBatches(this IServiceCollection services, SeedSettings settings) => services
        .AddBatchWork(RouterOf(settings).Batches)
        .AddBatchApi(
            new BatchLimits
            {
                MaxFileBytes = settings.MaxFileBytes,
                MaxLines = settings.MaxBatchLines,
                MaxLineBytes = (int)Math.Min(settings.MaxRequestBytes, Array.MaxLength / 2),
            },
            () => settings.BlobStore.Create(settings.Data, settings.Journal));

    private static IServiceCollection AddMembership(this IServiceCollection services, SeedSettings settings, Config hocon) => services
        .AddSingleton(new SeedNodeOptions(
            settings.Region,
            settings.Location,
            settings.Host,
            settings.Bind,
            settings.Port,
            settings.Seeds.Count > 0 ? settings.Seeds : [new DnsEndPoint(settings.Host, settings.Port)],
            $"http://{settings.Host}:{settings.WorkPort}",
            settings.Journal.ToHocon().WithFallback(hocon),
            RouterOf(settings),
            settings.DrainLimit))
        .AddSingleton<SeedNode>()
        .AddSingleton<IClusterMember>(provider => provider.GetRequiredService<SeedNode>())
        .AddMemberPalettes()
        .AddSingleton<ISeedView, SeedView>()
        .AddHostedService(provider => provider.GetRequiredService<SeedNode>());

    private static void Listen(KestrelServerOptions kestrel, SeedSettings settings)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = null; // The ingress has its own limit; a work stream has none.
        kestrel.Limits.MakeRoomForWorkStreams();
        Listen(settings.HttpPort, HttpProtocols.Http1, Listener.Http);
        Listen(settings.GrpcPort, HttpProtocols.Http2, Listener.Grpc);
        Listen(settings.MetricsPort, HttpProtocols.Http1, Listener.Metrics);
        Listen(settings.WorkPort, HttpProtocols.Http2, Listener.Work);

        void Listen(int port, HttpProtocols protocols, Listener listener) => kestrel.Listen(settings.Bind, port, options =>
        {
            options.Protocols = protocols;
            options.Mark(listener);
        });
    }

    /// <summary>The line that a person, a script or a test waits for: from here on requests are taken.</summary>
    private static void Announce(WebApplication app, SeedSettings settings) =>
        app.Services.GetRequiredService<RouterReadiness>().FirstAnswer.ContinueWith(
            _ => Say(app, settings,
                $"seed ready: region {settings.Region}, http://{settings.Host}:{settings.HttpPort}, grpc {settings.Host}:{settings.GrpcPort}, "
                + $"metrics {settings.Host}:{settings.MetricsPort}, work {settings.Host}:{settings.WorkPort}, akka {settings.Host}:{settings.Port}, "
                + $"pbm {app.Services.GetRequiredService<OperationsHost>().AddressBehind(settings.Host)}"),
            TaskScheduler.Default);

    /// <summary>Whatever the log's level; but where programs read the log it holds nothing else than objects.</summary>
    private static void Say(WebApplication app, SeedSettings settings, string line)
    {
        if (settings.LogFormat == LogFormat.Json)
            LogReady(app.Logger, line);
        else
            Console.WriteLine(line);
    }

    [LoggerMessage(LogLevel.Information, "{Ready}")]
    private static partial void LogReady(ILogger logger, string ready);
}
