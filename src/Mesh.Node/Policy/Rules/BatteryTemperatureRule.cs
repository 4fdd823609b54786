using Mesh.Node.Telemetry;

namespace Mesh.Node.Policy.Rules;

/// <summary>The hottest place of the traction battery is cool enough.</summary>
internal static class BatteryTemperatureRule
{
    public static readonly Rule Rule = Rules.Rule.Of(
        VssCatalogue.BatteryTemperature, ReasonCodes.BatteryHot, "temperature.battery-max", Urgency.Now,
        policy => Limit.AtMost(policy.Temperature.BatteryMaxCelsius, VssCatalogue.BatteryTemperature),
        hysteresis => hysteresis.Temperature);
}
