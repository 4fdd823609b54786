using Akka.Configuration;
using Mesh.Node.Inference;
using Mesh.Node.Units;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Sessions;

/// <summary>The vehicle's process: one session after the other, until it is asked to stop. It outlives its sessions.</summary>
public sealed partial class VehicleHost(
    VehicleSettings settings,
    Config akka,
    IInferenceEngine engine,
    UnitWork units,
    TimeProvider time,
    ILoggerFactory loggers) : BackgroundService
{
    private readonly ILogger _logger = loggers.CreateLogger<VehicleHost>();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var epochs = new EpochStore(settings.Data, time);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                using var session = new VehicleSession(settings, akka, engine, units, epochs.Next(), time, loggers);
                await session.RunAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogFailed(settings.Vehicle.Value, e);
            }

            // Cars that lost the same seed must not join in step.
            await Task.Delay(TimeSpan.FromSeconds(Random.Shared.NextDouble()), time, stoppingToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Vehicle}: the session failed; another one follows")]
    private partial void LogFailed(string vehicle, Exception failure);
}
