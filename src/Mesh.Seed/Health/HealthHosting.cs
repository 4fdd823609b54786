using Mesh.Seed.Ingress;

namespace Mesh.Seed.Health;

/// <summary>How a seed knows whether it is well. What it answers is at <c>/v2/health/*</c> and <c>/healthz/startup</c>.</summary>
public static class HealthHosting
{
    /// <summary>To be added behind the membership: its host must have started.</summary>
    public static IServiceCollection AddHealth(this IServiceCollection services, JournalSettings journal) => services
        .AddSingleton<JournalWatch>()
        .AddSingleton<IJournalProbe>(_ => new JournalProbe(journal))
        .AddHostedService<JournalWatcher>()
        .AddSingleton<HealthWatch>()
        .AddSingleton<IReadiness>(provider => provider.GetRequiredService<HealthWatch>())
        .AddHostedService(provider => provider.GetRequiredService<HealthWatch>());
}
