using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Mesh.Operations;
using Mesh.Seed.Health;

namespace Mesh.Seed.Dashboard;

/// <summary>The live operations page. It shows what the operators' commands tell, so it and pbm never disagree.</summary>
public static class DashboardHosting
{
    private const int MaxPlaces = 500;

    /// <summary>The most vehicles that 'mesh vehicles' gives.</summary>
    private const string AskedVehicles = "1000";

    private const string AskedBatches = "100";

    /// <summary>Needs a <see cref="TimeProvider"/>; what it shows comes from every <see cref="ICommandHandler"/> there is.</summary>
    /// <param name="health">Asked for once an interval while somebody looks.</param>
    public static IServiceCollection AddDashboard(this IServiceCollection services, DashboardOptions options, Func<IServiceProvider, HealthReport> health) => services
        .AddSingleton(options)
        .AddSingleton<DashboardFiles>()
        .AddSingleton<ReadOnlyCommands>()
        .AddSingleton<DashboardEndpoints>()
        .AddSingleton(provider => new DashboardFeed(
            Panels(options, provider.GetRequiredService<ReadOnlyCommands>(), () => health(provider), provider.GetRequiredService<TimeProvider>()),
            options.MaxViewers,
            provider.GetRequiredService<TimeProvider>()));

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

    private static ImmutableArray<Panel> Panels(DashboardOptions options, ReadOnlyCommands commands, Func<HealthReport> health, TimeProvider time)
    {
        var vehicles = new Question("mesh vehicles")
        {
            Options = ImmutableDictionary<string, string>.Empty.Add("limit", AskedVehicles),
            Summarize = () => new PlaceSummary(MaxPlaces),
        };
        var batches = new Question("mesh batches")
        {
            Options = ImmutableDictionary<string, string>.Empty.Add("all", "true").Add("limit", AskedBatches),
        };
        return
        [
            new Panel("seed", options.Interval, _ => Task.FromResult(SeedOf(options, health(), time))),
            Ask("stats", options.Interval, new Question("mesh stats")),
            Ask("vehicles", options.TableInterval, vehicles),
            Ask("batches", options.TableInterval, batches),
            Ask("members", options.TableInterval, new Question("cluster show")),
            Ask("router", options.TableInterval, new Question("mesh router")),
        ];

        Panel Ask(string name, TimeSpan interval, Question question) => new(name, interval, cancellation => commands.AskAsync(question, cancellation));
    }

    /// <summary>Changes each time because of its clock, so it is the stream's heartbeat too.</summary>
    private static string SeedOf(DashboardOptions options, HealthReport health, TimeProvider time) => new JsonObject
    {
        ["region"] = options.Region,
        ["seed"] = options.Seed,
        ["version"] = options.Version,
        ["status"] = health.StatusText,
        ["reason"] = string.Join("; ", health.Reasons.Select(reason => reason.Message)),
        ["at"] = time.GetUtcNow().ToString("O"),
        ["interval_ms"] = options.Interval.TotalMilliseconds,
    }.ToJsonString();
}
