namespace Mesh.Node.Metering;

/// <summary>
/// The estimate where nothing measures: CPU time × power of a busy core × what memory and voltage conversion add. The figures
/// are assumed for typical computers of a class, not measured on this one, hence the error.
/// </summary>
/// <param name="DeviceClass">The beginning of the names of the classes that it stands for; empty = any.</param>
/// <param name="Overhead">Memory, interconnect and conversion losses, as a factor on the cores' power.</param>
public sealed record PowerModel(string DeviceClass, double IdleWatts, double WattsPerBusyCore, double Overhead) : IEnergyMeter
{
    /// <summary>Half: one core of a computer draws about half to one and a half times what its class typically does.</summary>
    public const double ErrorShare = 0.5;

    /// <summary>The last is for classes that no other one names. docs/metering.md has the same table.</summary>
    public static IReadOnlyList<PowerModel> Table { get; } =
    [
        new("orin", IdleWatts: 9, WattsPerBusyCore: 1.8, Overhead: 1.4),
        new("arm", IdleWatts: 5, WattsPerBusyCore: 1.5, Overhead: 1.4),
        new("x86", IdleWatts: 15, WattsPerBusyCore: 7, Overhead: 1.25),
        new("", IdleWatts: 10, WattsPerBusyCore: 4, Overhead: 1.3),
    ];

    public static PowerModel Of(string deviceClass) =>
        Table.First(model => deviceClass.StartsWith(model.DeviceClass, StringComparison.OrdinalIgnoreCase));

    public EnergyReading Of(TimeSpan cpu) => EnergyReading.Of(cpu, WattsPerBusyCore * Overhead, MeterMethods.Model, ErrorShare);

    public void Dispose()
    {
    }
}
