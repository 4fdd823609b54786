using Mesh.Node;
using Mesh.Node.Metering;
using Mesh.State.Tests.Inference;
using Mesh.State.Tests.Limits;
using Mesh.Testing;

namespace Mesh.State.Tests.Metering;

public sealed class EnergyMeterTests : IDisposable
{
    private const string Rapl = "/sys/class/powercap/intel-rapl:0";
    private const string Hwmon = "/sys/class/hwmon/hwmon1";

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly SystemTree _tree = new();
    private readonly ManualTime _time = new();
    private readonly RecordedLog<EnergyMeterTests> _log = new();
    private long _busyTicks = 1000;

    public EnergyMeterTests() => Work(0);

    public void Dispose() => _tree.Dispose();

    [Theory]
    [InlineData("", 5_200_000)]
    [InlineData("cpu-2", 5_200_000)]
    [InlineData("ORIN-agx", 2_520_000)]
    [InlineData("arm-8", 2_100_000)]
    [InlineData("x86-16", 8_750_000)]
    public void The_model_prices_CPU_time_by_the_device_class(string deviceClass, long microjoulesPerSecond)
    {
        var reading = PowerModel.Of(deviceClass).Of(Second);
        Assert.Equal(new EnergyReading(microjoulesPerSecond, MeterMethods.Model, 0.5), reading);
        Assert.Equal(microjoulesPerSecond / 1000, PowerModel.Of(deviceClass).Of(TimeSpan.FromMilliseconds(1)).Microjoules);
        Assert.Equal(0, PowerModel.Of(deviceClass).Of(-Second).Microjoules);
    }

    [Fact]
    public void The_docs_have_the_models_figures()
    {
        var docs = File.ReadAllText(Path.Combine(Checkout.Root, "docs", "metering.md"));
        foreach (var model in PowerModel.Table)
        {
            var name = model.DeviceClass.Length == 0 ? "any other" : $"`{model.DeviceClass}…`";
            Assert.Contains(FormattableString.Invariant($"| {name} | {model.IdleWatts} | {model.WattsPerBusyCore} | {model.Overhead} |"), docs);
        }
    }

    [Fact]
    public void Without_any_meter_the_model_is_used_and_the_log_says_what_is_missing()
    {
        using var meter = Choose();
        Assert.Equal(MeterMethods.Model, meter.Of(Second).Method);
        var line = Assert.Single(_log.Lines);
        Assert.Equal(
            "Information: Energy is estimated by a power model, 5.2 W for a busy core of device class 'cpu-2', within about 50 %: "
                + "no RAPL in /sys/class/powercap, no power sensor in /sys/class/hwmon, no power signal of the vehicle",
            line);
    }

    [Fact]
    public void The_energy_beyond_idle_is_shared_by_CPU_time()
    {
        Zone(Rapl, "package-0", 1_000_000, range: 262_143_328_850);
        using var meter = Choose();
        Assert.Equal(MeterMethods.Model, meter.Of(Second).Method); // nothing measured yet

        Advance(Rapl, 4_000_000, busySeconds: 0);
        Assert.Equal(4, meter.IdleWatts);

        // 10 J in a second, 6 of them beyond idle, by 1.5 cores: 4 W a core.
        Advance(Rapl, 10_000_000, busySeconds: 1.5);
        Assert.Equal(new EnergyReading(40_000, MeterMethods.Rapl, 0.25), meter.Of(TimeSpan.FromMilliseconds(10)));

        // Idle again: the price stays, the idle power is the least seen.
        Advance(Rapl, 4_500_000, busySeconds: 0.01);
        Assert.Equal(4, meter.IdleWatts);
        Assert.Equal(40_000, meter.Of(TimeSpan.FromMilliseconds(10)).Microjoules);
    }

    [Fact]
    public void A_counter_that_began_anew_goes_on_where_it_stood()
    {
        Zone(Rapl, "package-0", 999_000, range: 999_999);
        using var meter = Choose();
        Advance(Rapl, 0, busySeconds: 0);
        Assert.Equal(0, meter.IdleWatts);
        _tree.Set($"{Rapl}/energy_uj", 499_000); // 1,000 up to the largest value and to 0, then 499,000
        Tick(busySeconds: 1);
        Assert.Equal(500_000, meter.Of(Second).Microjoules);
    }

    [Fact]
    public void Packages_and_their_memory_count_unless_the_platform_is_measured_and_cores_do_not_twice()
    {
        Zone(Rapl, "package-0", 0, 1_000_000_000);
        Zone($"{Rapl}:0", "core", 0, 1_000_000_000);
        Zone($"{Rapl}:1", "dram", 0, 1_000_000_000);
        Zone("/sys/class/powercap/intel-rapl:1", "package-1", 0, 1_000_000_000);
        var packages = RaplGauge.TryOpen(_tree.Files, out _)!;
        Zone("/sys/class/powercap/intel-rapl:2", "psys", 0, 1_000_000_000);
        var platform = RaplGauge.TryOpen(_tree.Files, out _)!;
        Assert.Null(packages.Watts(Second));
        Assert.Null(platform.Watts(Second));

        _tree.Set($"{Rapl}/energy_uj", 5_000_000);
        _tree.Set($"{Rapl}:0/energy_uj", 3_000_000);
        _tree.Set($"{Rapl}:1/energy_uj", 1_000_000);
        _tree.Set("/sys/class/powercap/intel-rapl:1/energy_uj", 2_000_000);
        _tree.Set("/sys/class/powercap/intel-rapl:2/energy_uj", 20_000_000);
        Assert.Equal(8, packages.Watts(Second));
        Assert.Equal(20, platform.Watts(Second));
    }

    [Fact]
    public void Counters_that_cannot_be_read_are_no_meter_and_the_log_names_them()
    {
        _tree.Set($"{Rapl}/name", "package-0");
        using var meter = Choose();
        Assert.Equal(MeterMethods.Model, meter.Of(Second).Method);
        Assert.Contains($"{Rapl}/energy_uj cannot be read", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("energy1_input", 6_000_000, 12_000_000)]
    [InlineData("power1_average", 6_000_000, 6_000_000)]
    [InlineData("power1_input", 6_000_000, 6_000_000)]
    public void A_sensor_of_the_board_measures_and_one_of_a_graphics_card_does_not(string file, long first, long second)
    {
        _tree.Set("/sys/class/hwmon/hwmon0/name", "amdgpu");
        _tree.Set("/sys/class/hwmon/hwmon0/power1_average", 200_000_000);
        _tree.Set($"{Hwmon}/name", "ina3221");
        _tree.Set($"{Hwmon}/{file}", first);
        var gauge = HwmonGauge.TryOpen(_tree.Files, out _)!;
        gauge.Watts(Second);
        _tree.Set($"{Hwmon}/{file}", second);
        Assert.Equal(6, gauge.Watts(Second));
        _tree.Remove($"{Hwmon}/{file}");
        Assert.Null(gauge.Watts(Second));
    }

    [Fact]
    public void The_vehicles_power_signal_measures_while_it_is_known_and_the_model_stands_in()
    {
        double? watts = 30;
        using var meter = Choose(() => watts);
        Assert.Contains("PowerSignal", Assert.Single(_log.Lines), StringComparison.Ordinal);
        Tick(busySeconds: 2);
        Assert.Equal(new EnergyReading(10_000_000, MeterMethods.PowerSignal, 0.3), meter.Of(Second)); // (30 W − 10 W of the model) / 2 cores
        watts = null;
        Tick(busySeconds: 2);
        Assert.Equal(MeterMethods.Model, meter.Of(Second).Method);
        foreach (var nonsense in new[] { double.NaN, double.PositiveInfinity, -5 })
        {
            watts = nonsense;
            Tick(busySeconds: 2);
            Assert.Equal(MeterMethods.Model, meter.Of(Second).Method);
        }
    }

    [Fact]
    public void A_pause_longer_than_a_counter_can_be_trusted_measures_nothing()
    {
        Zone(Rapl, "package-0", 0, 1_000_000);
        using var meter = Choose();
        Advance(Rapl, 900_000, busySeconds: 1);
        Assert.Equal(MeterMethods.Rapl, meter.Of(Second).Method);
        Work(60);
        _time.Advance(TimeSpan.FromMinutes(1)); // the computer slept
        Assert.Equal(MeterMethods.Model, meter.Of(Second).Method);
    }

    [Fact]
    public void On_this_computer_the_first_meter_that_works_gives_readings()
    {
        using var meter = EnergyMeters.Choose("", SystemFiles.Real, null, TimeProvider.System, _log);
        var reading = meter.Of(Second);
        Assert.True(reading.Microjoules > 0, $"{reading}");
        var measures = RaplGauge.TryOpen(SystemFiles.Real, out _) is not null || HwmonGauge.TryOpen(SystemFiles.Real, out _) is not null;
        Assert.Contains(measures ? "is measured by" : "is estimated by a power model", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    private IEnergyMeter Choose(Func<double?>? signal = null) => EnergyMeters.Choose("cpu-2", _tree.Files, signal, _time, _log);

    private void Zone(string path, string name, long energy, long range)
    {
        _tree.Set($"{path}/name", name);
        _tree.Set($"{path}/energy_uj", energy);
        _tree.Set($"{path}/max_energy_range_uj", range);
    }

    private void Advance(string zone, long microjoules, double busySeconds)
    {
        _tree.Set($"{zone}/energy_uj", _tree.Files.Number($"{zone}/energy_uj")!.Value + microjoules);
        Tick(busySeconds);
    }

    private void Tick(double busySeconds)
    {
        Work(busySeconds);
        _time.Advance(Second);
    }

    private void Work(double seconds)
    {
        _busyTicks += (long)Math.Round(seconds * 100);
        _tree.Set("/proc/stat", $"cpu  {_busyTicks - 100} 10 60 99999 888 20 10 77 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0");
    }
}
