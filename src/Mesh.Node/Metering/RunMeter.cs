namespace Mesh.Node.Metering;

/// <summary>Measures runs for the engine, and tells what each of its jobs used. Thread-safe.</summary>
/// <param name="singleThreaded">Runs stay on their thread, so that its own clock knows all.</param>
/// <param name="used">Told of each job when it ends; must neither block nor throw.</param>
public sealed class RunMeter(IEnergyMeter energy, CpuClock cpu, bool singleThreaded, TimeProvider time, Action<JobUsage>? used = null)
{
    private readonly MeterMethods _method =
        !singleThreaded ? MeterMethods.ProcessShare : cpu.ThreadTime is null ? MeterMethods.WallClock : MeterMethods.ThreadCpu;

    private readonly Lock _gate = new();
    private readonly SharedCpuTime _shared = new();

    /// <summary>On the thread that runs, right before.</summary>
    public RunStart Start() => new(time.GetTimestamp(), CpuAtStart());

    /// <summary>On the same thread, right after, once for each <see cref="Start"/> and whatever became of the run.</summary>
    public RunCost Stop(RunStart start)
    {
        var wall = time.GetElapsedTime(start.Timestamp);
        var took = CpuSince(start, wall);
        var reading = energy.Of(took);
        var error = (long)Math.Ceiling(reading.Microjoules * reading.ErrorShare);
        return new RunCost(wall, took, reading.Microjoules, error, _method | reading.Method, Runs: 1);
    }

    public void Used(JobUsage job) => used?.Invoke(job);

    private TimeSpan CpuAtStart()
    {
        if (_method == MeterMethods.ThreadCpu)
            return cpu.ThreadTime!();
        if (_method == MeterMethods.WallClock)
            return TimeSpan.Zero;
        lock (_gate)
            return _shared.Start(cpu.ProcessTime());
    }

    private TimeSpan CpuSince(RunStart start, TimeSpan wall)
    {
        if (_method == MeterMethods.ThreadCpu)
            return cpu.ThreadTime!() - start.Cpu;
        if (_method == MeterMethods.WallClock)
            return wall;
        lock (_gate)
            return _shared.End(start.Cpu, cpu.ProcessTime());
    }
}

/// <summary>Where the clocks stood when a run began; for <see cref="RunMeter"/> alone.</summary>
public readonly record struct RunStart(long Timestamp, TimeSpan Cpu);
