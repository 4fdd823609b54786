using Mesh.Node.Telemetry;

namespace Mesh.Node.Policy.Rules;

/// <summary>Every control unit is cool enough.</summary>
internal static class ComputerTemperatureRule
{
    public static readonly Rule Rule = Rules.Rule.Of(
        VssCatalogue.ComputerTemperature, ReasonCodes.ComputerHot, "temperature.computer-max", Urgency.Now,
        policy => Limit.AtMost(policy.Temperature.ComputerMaxCelsius, VssCatalogue.ComputerTemperature),
        hysteresis => hysteresis.Temperature);
}
