using System.Globalization;

namespace Mesh.Node.Policy.Rules;

/// <summary>Electricity costs no more than the owner would pay.</summary>
internal static class PriceRule
{
    public static readonly Rule Rule = new(ReasonCodes.PriceTooHigh, "energy.max-price", Urgency.Planned, Check);

    private static Finding Check(Question question)
    {
        if (question.Policy.Energy is not { MaxPrice: { } most, Tariff: { } tariff })
            return Finding.NotAsked;
        var price = tariff.PriceAt((int)WindowCheck.Wall(question, question.Now).TimeOfDay.TotalMinutes);
        return WindowCheck.Of(
            question,
            tariff.AtMost(most),
            permitsInside: true,
            string.Create(CultureInfo.InvariantCulture, $"{price} {tariff.Currency} a kWh"),
            string.Create(CultureInfo.InvariantCulture, $"at most {most}"));
    }
}
