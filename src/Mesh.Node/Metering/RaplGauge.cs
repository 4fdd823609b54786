namespace Mesh.Node.Metering;

/// <summary>
/// RAPL: the processor's own energy counters, /sys/class/powercap/intel-rapl:* (AMD's have the same name). The platform's
/// counter where there is one; else the packages with their memory, without the rest of the computer.
/// </summary>
internal sealed class RaplGauge : IPowerGauge
{
    private const string Folder = "/sys/class/powercap";

    private readonly EnergyCounter[] _counters;

    private RaplGauge(EnergyCounter[] counters) => _counters = counters;

    public MeterMethods Method => MeterMethods.Rapl;

    public double ErrorShare => 0.25;

    /// <summary>Null: there is none to be read, and why.</summary>
    public static RaplGauge? TryOpen(SystemFiles files, out string why)
    {
        var zones = files.Entries(Folder, "intel-rapl:*").Select(path => (Path: path, Name: files.Text($"{path}/name") ?? "")).ToList();
        var platform = zones.Where(zone => zone.Name == "psys").ToList();
        var chosen = platform.Count > 0
            ? platform
            : zones.Where(zone => zone.Name == "dram" || zone.Name.StartsWith("package", StringComparison.Ordinal)).ToList();
        var counters = chosen
            .Select(zone => new EnergyCounter(files, $"{zone.Path}/energy_uj", files.Number($"{zone.Path}/max_energy_range_uj")))
            .ToArray();
        // The first reading is where counting begins. Unlike the counters' names they are for root alone by default.
        var unreadable = counters.FirstOrDefault(counter => files.Number(counter.Path) is null);
        why = counters.Length == 0
            ? $"no RAPL in {Folder}"
            : unreadable is null ? "" : $"{unreadable.Path} cannot be read (grant this user read access)";
        return why.Length > 0 ? null : new RaplGauge(counters);
    }

    public double? Watts(TimeSpan elapsed)
    {
        // All of them, also after one failed: each must know where it stands.
        var advances = Array.ConvertAll(_counters, counter => counter.Advance());
        return advances.Contains(null) ? null : advances.Sum() / elapsed.TotalMicroseconds;
    }
}
