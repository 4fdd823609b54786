using Mesh.Seed.Batches.Running;
using Mesh.Seed.Membership;
using Mesh.Seed.WorkStreams;

namespace Mesh.Seed.Batches;

/// <summary>What a seed needs to keep and to run batches.</summary>
public static class BatchHosting
{
    /// <summary>Needs a blob store and <see cref="BatchLimits"/> beside it.</summary>
    public static IServiceCollection AddBatchWork(this IServiceCollection services, BatchSettings settings) => services
        .AddSingleton(settings)
        .AddSingleton<BatchMetrics>()
        .AddSingleton<BatchWork>()
        .AddSingleton<IBatchWork>(provider => provider.GetRequiredService<BatchWork>())
        .AddSingleton<IUnitListener>(provider => provider.GetRequiredService<BatchWork>())
        .AddSingleton<IBatchDirectory>(provider => new BatchDirectory(
            () => provider.GetRequiredService<SeedNode>().JobRouter, provider.GetRequiredService<TimeProvider>()));
}
