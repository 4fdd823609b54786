namespace Mesh.Node.Policy;

/// <summary>Highest temperatures, degrees Celsius, at which work may run.</summary>
public sealed record TemperaturePolicy
{
    public double? BatteryMaxCelsius { get; init; } = 40;

    public double? ComputerMaxCelsius { get; init; } = 80;
}
