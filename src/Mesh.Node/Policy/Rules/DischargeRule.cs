using Mesh.Node.Telemetry;

namespace Mesh.Node.Policy.Rules;

/// <summary>Work does not empty the traction battery: energy flows into it, or at least none out of it.</summary>
internal static class DischargeRule
{
    /// <summary>W; what the sensor of an idle battery may tell.</summary>
    private const double Tolerance = -100;

    public static readonly Rule Rule = new(
        ReasonCodes.NotCharging, "charging.never-discharge", Urgency.Planned, Check, hysteresis => hysteresis.Battery);

    private static Finding Check(Question question)
    {
        var charging = Rules.Rule.Ask(question, VssCatalogue.IsCharging, Limit.Is(true, asked: question.Policy.Charging.NeverDischarge));
        if (charging.Outcome == Outcome.Passes)
            return charging with { PlannedEnd = CompleteAt(question) };
        if (charging.Outcome == Outcome.NotAsked)
            return charging;
        var power = Rules.Rule.Ask(question, VssCatalogue.BatteryPower, Limit.AtLeast(Tolerance, VssCatalogue.BatteryPower));
        return power.Outcome == Outcome.Unknown ? charging : power;
    }

    /// <summary>When the vehicle expects to have charged.</summary>
    private static DateTimeOffset? CompleteAt(Question question)
    {
        var left = question.Telemetry[VssCatalogue.TimeToComplete];
        return left.Number > 0 ? left.Since + TimeSpan.FromSeconds(left.Number.Value) : null;
    }
}
