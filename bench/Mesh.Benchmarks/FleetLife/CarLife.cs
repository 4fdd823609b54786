using Mesh.Benchmarks.Policy;

namespace Mesh.Benchmarks.FleetLife;

/// <summary>Lives one car's stays: sets its signals as its driver, its owner and its network would.</summary>
internal sealed class CarLife(FleetCar car, IReadOnlyList<FleetStay> stays, FleetLoad load, FleetClock clock)
{
    /// <summary>Slow runs are sent so long before a departure: they are running when it comes.</summary>
    private static readonly TimeSpan MetBefore = TimeSpan.FromMilliseconds(120);

    /// <summary>The grace period of a vehicle, by which it drains before a departure that it was told.</summary>
    private static readonly TimeSpan DrainGrace = new Node.VehicleSettings().DrainGrace;

    /// <summary>Who was cut off drives away, for the computer's own signals: by then the seed has noticed.</summary>
    private static readonly TimeSpan CutBeforeDriving = TimeSpan.FromSeconds(3.5);

    /// <summary>Returns after the last departure, or when the clock stops.</summary>
    public async Task RunAsync()
    {
        try
        {
            foreach (var stay in stays)
            {
                // Those who were at home before the start are parked already.
                if (stay.Arrives > TimeSpan.Zero)
                {
                    await clock.UntilAsync(stay.Arrives);
                    car.Park();
                }

                await LeaveAsync(stay);
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private async Task LeaveAsync(FleetStay stay)
    {
        switch (stay.Style)
        {
            case DepartureStyle.Planned:
                var drains = stay.Leaves - DrainGrace;
                await clock.UntilAsync(drains - TimeSpan.FromSeconds(Draw.Uniform(stay.Hash, 0.5, 3)));
                car.Announce(clock.WallClock(stay.Leaves));
                await clock.UntilAsync(drains - MetBefore);
                load.Meet(car);
                await clock.UntilAsync(stay.Leaves);
                await DriveOffAsync();
                break;
            case DepartureStyle.Soon:
                await MeetAsync(stay);
                car.Leaving(stay.Style);
                await DriveOffAsync();
                break;
            case DepartureStyle.Now:
                await MeetAsync(stay);
                car.Leaving(stay.Style);
                NotWanted(stay);
                break;
            case DepartureStyle.Vanished:
                await MeetAsync(stay);
                car.Leaving(stay.Style);
                car.CutNetwork();
                await clock.PassAsync(CutBeforeDriving);
                car.Drive();
                break;
            default:
                throw new InvalidOperationException($"{stay.Style} is no way to leave.");
        }
    }

    private async Task MeetAsync(FleetStay stay)
    {
        await clock.UntilAsync(stay.Leaves - MetBefore);
        load.Meet(car);
        await clock.UntilAsync(stay.Leaves);
    }

    private async Task DriveOffAsync()
    {
        car.Unlock();
        await clock.PassAsync(TimeSpan.FromSeconds(0.8));
        car.Unplug();
        await clock.PassAsync(TimeSpan.FromSeconds(1.5));
        car.Drive();
    }

    private void NotWanted(FleetStay stay)
    {
        switch (Draw.Hash(stay.Hash, 1) % 3)
        {
            case 0: car.Drive(); break; // Towed, plugged in as it is.
            case 1: car.RevokeConsent(); break;
            default: car.Overheat(); break;
        }
    }
}

/// <summary>The run's time.</summary>
internal sealed class FleetClock(CancellationToken stop)
{
    private readonly DateTimeOffset _start = DateTimeOffset.UtcNow;
    private readonly long _began = System.Diagnostics.Stopwatch.GetTimestamp();

    public TimeSpan Now => System.Diagnostics.Stopwatch.GetElapsedTime(_began);

    public DateTimeOffset WallClock(TimeSpan at) => _start + at;

    /// <exception cref="OperationCanceledException">The run is over.</exception>
    public Task UntilAsync(TimeSpan at) => at - Now is var wait && wait > TimeSpan.Zero ? Task.Delay(wait, stop) : Task.CompletedTask;

    /// <exception cref="OperationCanceledException">The run is over.</exception>
    public Task PassAsync(TimeSpan time) => Task.Delay(time, stop);
}
