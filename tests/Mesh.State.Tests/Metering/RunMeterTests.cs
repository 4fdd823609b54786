using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mesh.Node.Metering;
using Mesh.State.Tests.Inference;

namespace Mesh.State.Tests.Metering;

public sealed class RunMeterTests
{
    private static readonly PowerModel TenWatts = new("", IdleWatts: 1, WattsPerBusyCore: 10, Overhead: 1);

    private readonly ManualTime _time = new();
    private TimeSpan _thread;
    private TimeSpan _process;

    [Fact]
    public void A_run_on_one_thread_is_measured_by_its_clock()
    {
        var meter = Meter(singleThreaded: true);
        var start = meter.Start();
        _time.Advance(TimeSpan.FromMilliseconds(7));
        (_thread, _process) = (TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(99));
        var cost = meter.Stop(start);
        Assert.Equal(
            new RunCost(TimeSpan.FromMilliseconds(7), TimeSpan.FromMilliseconds(5), 50_000, 25_000, MeterMethods.ThreadCpu | MeterMethods.Model, 1),
            cost);
    }

    [Fact]
    public void Runs_on_several_threads_share_what_the_process_used()
    {
        var meter = Meter(singleThreaded: false);
        var first = meter.Start();
        _process = TimeSpan.FromMilliseconds(10); // the first alone
        var second = meter.Start();
        _process = TimeSpan.FromMilliseconds(30); // both
        var one = meter.Stop(first);
        _process = TimeSpan.FromMilliseconds(34); // the second alone
        var two = meter.Stop(second);
        _process = TimeSpan.FromMilliseconds(50); // nobody's
        var third = meter.Start();
        _process = TimeSpan.FromMilliseconds(51);
        Assert.Equal(TimeSpan.FromMilliseconds(20), one.Cpu);
        Assert.Equal(TimeSpan.FromMilliseconds(14), two.Cpu);
        Assert.Equal(TimeSpan.FromMilliseconds(1), meter.Stop(third).Cpu);
        Assert.Equal(MeterMethods.ProcessShare | MeterMethods.Model, one.Methods);
    }

    [Fact]
    public void Without_a_thread_clock_the_time_on_the_wall_stands_for_it()
    {
        var meter = new RunMeter(TenWatts, new CpuClock(null, () => _process), singleThreaded: true, _time);
        var start = meter.Start();
        _time.Advance(TimeSpan.FromMilliseconds(7));
        var cost = meter.Stop(start);
        Assert.Equal((TimeSpan.FromMilliseconds(7), MeterMethods.WallClock | MeterMethods.Model), (cost.Cpu, cost.Methods));
    }

    /// <summary>Whatever starts and ends when: nothing of the process's time is counted twice, and less than a tick a stretch is lost.</summary>
    [Property(MaxTest = 300)]
    public Property The_shares_of_runs_never_exceed_what_the_process_used() =>
        Prop.ForAll(Gen.Choose(0, 1_000_000).ArrayOf().ToArbitrary(), steps =>
        {
            var shared = new SharedCpuTime();
            var running = new List<TimeSpan>();
            var (process, busy, given) = (TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero);
            foreach (var step in steps.Append(-1))
            {
                do
                {
                    var passed = new TimeSpan(Math.Max(step, 7) / 3);
                    process += passed;
                    busy += running.Count > 0 ? passed : TimeSpan.Zero;
                    if (step % 2 == 0)
                    {
                        running.Add(shared.Start(process));
                    }
                    else if (running.Count > 0)
                    {
                        var index = Math.Max(step, 0) % running.Count;
                        given += shared.End(running[index], process);
                        running.RemoveAt(index);
                    }
                }
                while (step < 0 && running.Count > 0); // at the end all of them
            }

            Assert.InRange(given, busy - new TimeSpan(steps.Length + 1), busy);
        });

    /// <summary>A joined run is divided among its members by rows: no microjoule is lost, none is counted twice.</summary>
    [Property(MaxTest = 500)]
    public Property The_parts_of_a_joined_run_add_up_to_it() =>
        Prop.ForAll(
            Gen.Choose(1, 40).NonEmptyListOf().ToArbitrary(),
            Gen.Choose(0, int.MaxValue).Four().ToArbitrary(),
            (rows, figures) =>
            {
                var whole = new RunCost(
                    new TimeSpan(figures.Item1), new TimeSpan(figures.Item2), (long)figures.Item3 << 30, figures.Item4, MeterMethods.Model, 1);
                var (sum, first, total) = (default(RunCost), 0, rows.Sum());
                foreach (var count in rows)
                {
                    var part = whole.Part(first, count, total);
                    Assert.InRange(part.EnergyUj, (long)((Int128)whole.EnergyUj * count / total), (long)((Int128)whole.EnergyUj * count / total) + 1);
                    sum += part;
                    first += count;
                }

                Assert.Equal(whole with { Runs = rows.Count }, sum);
            });

    [Fact]
    public void The_real_clocks_know_what_this_thread_does_and_what_others_do()
    {
        var (clock, spun) = (CpuClock.System, TimeSpan.Zero);
        Assert.Equal(OperatingSystem.IsLinux(), clock.ThreadTime is not null);
        if (clock.ThreadTime is not { } threadTime)
            return;
        var (before, process) = (threadTime(), clock.ProcessTime());
        var other = new Thread(() => spun = Spin(threadTime));
        other.Start();
        other.Join();
        Assert.InRange(spun, TimeSpan.FromMilliseconds(30), TimeSpan.FromMilliseconds(60));
        Assert.InRange(threadTime() - before, TimeSpan.Zero, TimeSpan.FromMilliseconds(20)); // it only waited
        Assert.True(clock.ProcessTime() - process >= spun);
    }

    private static TimeSpan Spin(Func<TimeSpan> threadTime)
    {
        var start = threadTime();
        while (threadTime() - start < TimeSpan.FromMilliseconds(30))
        {
        }

        return threadTime() - start;
    }

    private RunMeter Meter(bool singleThreaded) => new(TenWatts, new CpuClock(() => _thread, () => _process), singleThreaded, _time);
}
