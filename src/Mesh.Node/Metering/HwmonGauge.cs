namespace Mesh.Node.Metering;

/// <summary>
/// A power or energy sensor of the board, /sys/class/hwmon/hwmon*/{energy*_input, power*_average, power*_input}. The first one
/// found counts, energy before power; sensors of graphics cards measure the card alone and are passed over.
/// </summary>
internal sealed class HwmonGauge : IPowerGauge
{
    private const string Folder = "/sys/class/hwmon";

    private static readonly string[] Cards = ["amdgpu", "radeon", "nouveau", "i915", "xe"];

    private readonly SystemFiles _files;
    private readonly string _path;
    private readonly EnergyCounter? _energy;

    private HwmonGauge(SystemFiles files, string path, bool isEnergy)
    {
        (_files, _path) = (files, path);
        _energy = isEnergy ? new EnergyCounter(files, path, range: null) : null;
    }

    public MeterMethods Method => MeterMethods.Hwmon;

    public double ErrorShare => 0.25;

    /// <summary>Null: there is none to be read, and why.</summary>
    public static HwmonGauge? TryOpen(SystemFiles files, out string why)
    {
        var chips = files.Entries(Folder, "hwmon*").Where(chip => !Cards.Contains(files.Text($"{chip}/name"))).ToList();
        foreach (var (pattern, isEnergy) in new[] { ("energy*_input", true), ("power*_average", false), ("power*_input", false) })
        {
            var sensor = chips.SelectMany(chip => files.Entries(chip, pattern)).FirstOrDefault(path => files.Number(path) is not null);
            if (sensor is null)
                continue;
            why = "";
            return new HwmonGauge(files, sensor, isEnergy);
        }

        why = $"no power sensor in {Folder}";
        return null;
    }

    public double? Watts(TimeSpan elapsed) =>
        _energy is null ? _files.Number(_path) / 1e6 : _energy.Advance() / elapsed.TotalMicroseconds;
}
