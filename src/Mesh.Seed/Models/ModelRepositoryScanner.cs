using Microsoft.Extensions.Hosting;

namespace Mesh.Seed.Models;

/// <summary>
/// Rescans the repository again and again, so that a model put into the folder is served without a restart. It polls:
/// file notifications differ between systems and are lost on network drives, and a look at a few files costs microseconds.
/// </summary>
internal sealed class ModelRepositoryScanner(ModelRepository repository, TimeProvider time) : BackgroundService
{
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>Once it returns the models of the folder are known, so a seed never says "unknown model" while it starts.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await Task.Run(repository.Rescan, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                repository.Rescan();
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }
}
