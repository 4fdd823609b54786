using System.Text.Json.Nodes;
using Mesh.Operations;
using Mesh.Seed.Ingress;

namespace Mesh.Seed.Dashboard;

/// <summary>The live operations page. It shows what the operators' commands tell, so it and pbm never disagree.</summary>
public static class DashboardHosting
{
    private const int MaxPlaces = 500;

    /// <summary>Needs <see cref="IReadiness"/> and a <see cref="TimeProvider"/>; what it shows comes from every <see cref="ICommandHandler"/> there is.</summary>
    public static IServiceCollection AddDashboard(this IServiceCollection services, DashboardOptions options) => services
        .AddSingleton(options)
        .AddSingleton<DashboardFiles>()
        .AddSingleton<ReadOnlyCommands>()
        .AddSingleton<DashboardEndpoints>()
        .AddSingleton(provider => FeedOf(
            options, provider.GetRequiredService<ReadOnlyCommands>(), provider.GetRequiredService<IReadiness>(), provider.GetRequiredService<TimeProvider>()));

    /// <summary>The page at <c>/</c>, its files, events and explanations. The returned builder covers all of them.</summary>
    public static IEndpointConventionBuilder MapDashboard(this IEndpointRouteBuilder endpoints)
    {
        var services = endpoints.ServiceProvider;
        var files = services.GetRequiredService<DashboardFiles>();
        var own = services.GetRequiredService<DashboardEndpoints>();
        var group = endpoints.MapGroup("");
        group.MapGet("/", context => files.ServeAsync(context, "index.html"));
        group.MapGet("/dashboard/{file}", context => files.ServeAsync(context, (string)context.Request.RouteValues["file"]!));
        group.MapGet("/mesh/events", own.EventsAsync);
        group.MapGet(DashboardEndpoints.ExplainPath + "{**id}", own.ExplainAsync);
        return group;
    }

    private static DashboardFeed FeedOf(DashboardOptions options, ReadOnlyCommands commands, IReadiness readiness, TimeProvider time)
    {
        return new DashboardFeed(
            [
                new Panel("seed", options.Interval, _ => Task.FromResult(SeedOf(options, readiness, time))),
                Ask("stats", options.Interval, "mesh stats"),
                new Panel("vehicles", options.TableInterval, cancellation =>
                    commands.AskAsync("mesh vehicles", null, new PlaceSummary(MaxPlaces), cancellation)),
                Ask("batches", options.TableInterval, "mesh batches"),
                Ask("members", options.TableInterval, "cluster show"),
                Ask("router", options.TableInterval, "mesh router"),
            ],
            options.MaxViewers,
            time);

        Panel Ask(string name, TimeSpan interval, string words) =>
            new(name, interval, cancellation => commands.AskAsync(words, null, null, cancellation));
    }

    /// <summary>Changes each time because of its clock, so it is the stream's heartbeat too.</summary>
    private static string SeedOf(DashboardOptions options, IReadiness readiness, TimeProvider time)
    {
        var health = readiness.Report();
        return new JsonObject
        {
            ["region"] = options.Region,
            ["seed"] = options.Seed,
            ["version"] = options.Version,
            ["ready"] = health.IsReady,
            ["status"] = health.StatusText,
            ["reason"] = string.Join("; ", health.Reasons.Select(reason => reason.Message)),
            ["at"] = time.GetUtcNow().ToString("O"),
            ["interval_ms"] = options.Interval.TotalMilliseconds,
        }.ToJsonString();
    }
}
