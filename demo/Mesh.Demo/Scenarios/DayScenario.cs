using System.Globalization;
using Mesh.Demo.Processes;
using Mesh.Node.Metering;
using Mesh.Node.Sessions;

namespace Mesh.Demo.Scenarios;

/// <summary>
/// <see cref="Evening"/>, replayed: a seed and ten vehicles as processes, each with its own trace and its owner's policy, and
/// steady interactive load.
/// </summary>
internal sealed class DayScenario(DemoMesh mesh, ProgressView view)
{
    /// <summary>Seven hours in 84 seconds.</summary>
    public const double Speed = 300;

    /// <summary>Of each request; a vehicle that drives off with it leaves time for another.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(3);

    /// <summary>The time it takes ten processes to start on two cores; one that takes longer catches up.</summary>
    private static readonly TimeSpan Lead = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(60);

    private readonly FashionPictures _pictures = FashionPictures.Load();
    private readonly List<Driven> _cars = [];
    private readonly Tally _tally = new([]);
    private DateTimeOffset _begins;

    private DateTimeOffset Now => Evening.From + (DateTimeOffset.UtcNow - _begins) * Speed;

    /// <exception cref="TimeoutException">A car's life came to no end with its trace.</exception>
    public async Task<DayVerdict> RunAsync(CancellationToken stop)
    {
        IReadOnlyList<float[]> direct;
        using (var run = new DirectRun())
            direct = run.ClassifyEach(_pictures);
        await mesh.StartSeedAsync(stop);
        _begins = DateTimeOffset.UtcNow + Lead;
        foreach (var car in Evening.Cars)
            Start(car);
        view.Event(string.Create(
            CultureInfo.InvariantCulture,
            $"{_cars.Count} vehicles start; their evening ({Evening.Clock(Evening.From)} to {Evening.Clock(Evening.To)}) begins in {Lead.TotalSeconds} s, {Speed} times as fast"));

        // Without its seed nothing can be answered: the evening ends, with what was answered until then.
        using var seedEnded = CancellationTokenSource.CreateLinkedTokenSource(stop);
        _ = mesh.Seed.Process.Exited.ContinueWith(_ => DemoRun.TryCancel(seedEnded), TaskScheduler.Default);
        var load = LoadAsync(seedEnded.Token);
        var changes = ChangePoliciesAsync(seedEnded.Token);
        try
        {
            await FollowAsync(seedEnded.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // The seed is gone; the verdict tells.
        }

        await changes.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return DayVerdict.Of(await load, _tally.Answers(), direct, [.. _cars.Select(Report)], Moment * Speed, mesh.Crashes);
    }

    private void Start(EveningCar car)
    {
        var trace = Path.Combine(mesh.Folder, $"{car.Id}.jsonl");
        car.Day.WriteTo(trace);
        File.WriteAllText(PolicyOf(car), car.Policy);
        var vehicle = mesh.StartVehicle(car.Number, options => options with
        {
            Telemetry = string.Create(CultureInfo.InvariantCulture, $"trace:{trace}@{Speed}@{_begins.UtcDateTime:O}"),
            Policy = PolicyOf(car),
            // 5 s of the machine's clock would be 25 minutes of the evening.
            ExtraArguments = ["--drain-grace", "1s"],
        });
        _cars.Add(new Driven(car, vehicle, new LifeTail(vehicle.Process.Options.DataFolder)));
    }

    private string PolicyOf(EveningCar car) => Path.Combine(mesh.Folder, $"{car.Id}.conf");

    /// <summary>Shows what happens until the evening is over and every car has left the region.</summary>
    private async Task FollowAsync(CancellationToken stop)
    {
        var board = new DayBoard(view, mesh.Vehicles);
        using var timer = new PeriodicTimer(Tick);
        do
        {
            var steps = _cars.SelectMany(car => car.Life.ReadNew().Select(step => (car.Vehicle, Step: step)));
            foreach (var (vehicle, step) in steps.OrderBy(entry => entry.Step.At))
                board.Show(vehicle, step);
            var now = Now;
            board.Refresh(now < Evening.From ? Evening.From : now > Evening.To ? Evening.To : now, _tally);
            if (now > Evening.To + EndLimit * Speed)
                throw new TimeoutException($"After the evening's end there are still {string.Join(", ", StillThere())}.");
            await timer.WaitForNextTickAsync(stop);
        }
        while (StillThere().Any());
    }

    private IEnumerable<string> StillThere() => _cars.Where(car => !car.IsOver).Select(car => car.Vehicle.Id);

    private async Task<int> LoadAsync(CancellationToken stop)
    {
        using var http = LoopbackHttp.NewClient(connections: 32);
        var client = new InferClient(http, mesh.Seed.Http, _pictures, Deadline);
        await UntilAsync(Evening.From, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        end.CancelAfter(TimeSpan.FromTicks(Math.Max(0, ((Evening.To - Now) / Speed).Ticks)));
        // A seed that is gone answers by itself what is in flight.
        return await new SteadyPictures(_tally, client.ClassifyAsync).RunAsync(end.Token, CancellationToken.None);
    }

    private async Task ChangePoliciesAsync(CancellationToken stop)
    {
        foreach (var car in Evening.Cars.OrderBy(car => car.Change?.At))
        {
            if (car.Change is not { } change)
                continue;
            await UntilAsync(change.At, stop);
            // In one step, as an editor does it: half a document allows nothing.
            var draft = PolicyOf(car) + ".new";
            await File.WriteAllTextAsync(draft, change.Policy, stop);
            File.Move(draft, PolicyOf(car), overwrite: true);
        }
    }

    private async Task UntilAsync(DateTimeOffset moment, CancellationToken stop)
    {
        while ((moment - Now) / Speed is var wait && wait > TimeSpan.Zero)
            await Task.Delay(wait, stop);
    }

    private CarReport Report(Driven car)
    {
        var sessions = new MeterFolder(Path.Combine(car.Vehicle.Process.Options.DataFolder, "meter")).Read().Sessions;
        return new CarReport(
            car.Car,
            car.Vehicle.City,
            _tally.AnsweredBy(car.Vehicle.Id),
            car.Life.Entries,
            sessions.Sum(session => session.Interactive.EnergyUj) / 1e6,
            sessions.Sum(session => session.Interactive.EnergyErrorUj) / 1e6);
    }

    private sealed record Driven(EveningCar Car, DemoVehicle Vehicle, LifeTail Life)
    {
        /// <summary>It has left after its trace ended, or its process is gone, which the verdict tells.</summary>
        public bool IsOver => Vehicle.Process.Process.ExitCode is not null
            || (Life.Entries is [.., { Phase: VehiclePhase.Away } last] && last.At >= Evening.To);
    }
}
