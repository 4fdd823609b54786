using System.Collections.Immutable;

namespace Mesh.Node.Policy;

/// <summary>What electricity costs by the hour, every day alike.</summary>
/// <param name="Currency">Three letters of ISO 4217.</param>
/// <param name="Prices">Of one kWh; their windows cover the day, each minute once.</param>
public sealed record Tariff(string Currency, ImmutableArray<TariffPrice> Prices)
{
    /// <summary>When a kWh costs no more.</summary>
    public WeeklyWindows AtMost(double price) => WeeklyWindows.EveryDay(Prices.Where(part => part.Price <= price).Select(part => part.Window));

    /// <param name="minute">Of the day.</param>
    public double PriceAt(int minute) => Prices.First(part => part.Window.Covers(minute)).Price;
}

/// <summary>One price of a <see cref="Tariff"/>.</summary>
public sealed record TariffPrice(DailyWindow Window, double Price);
