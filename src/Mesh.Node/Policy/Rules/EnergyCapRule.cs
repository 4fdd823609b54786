using System.Globalization;

namespace Mesh.Node.Policy.Rules;

/// <summary>Energy is left of what work may use in a day.</summary>
internal static class EnergyCapRule
{
    public static readonly Rule Rule = new(ReasonCodes.EnergyCapUsed, "energy.daily-cap", Urgency.Planned, question =>
        question.Policy.Energy.DailyCapKwh is not { } cap ? Finding.NotAsked : Finding.Of(
            question.Usage.EnergyKwh < cap,
            string.Create(CultureInfo.InvariantCulture, $"{question.Usage.EnergyKwh:0.###}"),
            string.Create(CultureInfo.InvariantCulture, $"less than {cap} kWh a day"),
            question.Policy.NextDay(question.Now)));
}
