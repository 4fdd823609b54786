using System.Globalization;

namespace Mesh.Demo.Scenarios;

/// <summary>A Monday evening of ten cars, each with an owner of its own kind.</summary>
internal static class Evening
{
    /// <summary>Central European time; there is no summer in March.</summary>
    private static readonly TimeSpan Offset = TimeSpan.FromHours(1);

    private static readonly CarState Home = new();

    public static DateTimeOffset From { get; } = Clock("17:30");

    public static DateTimeOffset To { get; } = Clock("00:30");

    /// <summary>The common reasons to work and not to work, one after the other.</summary>
    public static IReadOnlyList<EveningCar> Cars { get; } =
    [
        new(1, "plugged in all evening", Day(1, 52, Home.PluggedIn(3)), Policy()),
        new(2, "comes home, is plugged in at 18:10; training from 20:00 to 21:30",
            Day(2, 55, Home.Driving(60))
                .At(Clock("17:40"), car => car.Parked().AtHome())
                .At(Clock("18:10"), car => car.PluggedIn(5))
                .At(Clock("19:58"), car => car.Entered())
                .At(Clock("20:02"), car => car.Driving(45))
                .At(Clock("20:20"), car => car.Parked())
                .At(Clock("21:15"), car => car.Driving(45))
                .At(Clock("21:32"), car => car.Parked().AtHome())
                .At(Clock("21:40"), car => car.PluggedIn(5)),
            Policy()),
        new(3, "battery below its owner's 50 % until 19:00", Day(3, 38, Home.PluggedIn(8))
            .At(Clock("19:00"), car => car.PluggedIn(3)), Policy()),
        new(4, "quiet hours from 20:00 to 22:00", Day(4, 60, Home.PluggedIn(2)),
            Policy("""quiet-hours.every-day = ["20:00-22:00"]""")),
        new(5, "its owner takes the consent back at 21:00", Day(5, 55, Home.PluggedIn(3)), Policy())
        {
            Change = (Clock("21:00"), Policy(consent: false)),
        },
        new(6, "on the mobile network until its Wi-Fi is back at 19:20", Day(6, 64, Home.OnMobileNetwork().PluggedIn(2))
            .At(Clock("19:20"), car => car.AtHome()), Policy()),
        new(7, "fast over the motorway: a hot battery",
            Day(7, 66, Home.Driving(155, percentPerHour: 30) with { BatteryTowards = 50 }, celsius: 46)
                .At(Clock("17:50"), car => car.Parked().AtHome() with { BatteryTowards = 15 })
                .At(Clock("17:54"), car => car.PluggedIn(2)),
            Policy()),
        new(8, "charged at 21:30", Day(8, 64, Home.PluggedIn(4)), Policy()),
        new(9, "electricity is too dear until 21:00", Day(9, 58, Home.PluggedIn(3)),
            Policy(
                "energy.max-price = 0.30",
                "energy.currency = EUR",
                """energy.tariff = ["00:00-17:00 0.24", "17:00-21:00 0.41", "21:00-24:00 0.27"]""")),
        new(10, "ready for the night shift at 21:00, back on the road at 21:20",
            Day(10, 62, Home.PluggedIn(4) with { Departure = Clock("21:00") })
                .At(Clock("21:16"), car => car.Entered())
                .At(Clock("21:20"), car => car.Driving(70))
                .At(Clock("21:55"), car => car.Parked()),
            Policy()),
    ];

    /// <summary>The moment when the clocks of the evening's cities show that.</summary>
    public static DateTimeOffset Clock(string time)
    {
        var clock = TimeSpan.ParseExact(time, "hh\\:mm", CultureInfo.InvariantCulture);
        return new DateTimeOffset(2026, 3, clock.Hours < 12 ? 3 : 2, clock.Hours, clock.Minutes, 0, Offset);
    }

    /// <summary>As those clocks show it.</summary>
    public static string Clock(DateTimeOffset moment) => moment.ToOffset(Offset).ToString("HH:mm", CultureInfo.InvariantCulture);

    private static CarDay Day(int number, double charge, CarState state, double celsius = 20) =>
        new(From, To, number, charge, state, celsius);

    /// <summary>
    /// What the owner left out protects the owner: plugged in, half charged, cool, locked, on Wi-Fi. All ten share one computer,
    /// on which none has software of its own that should come first.
    /// </summary>
    private static string Policy(params IEnumerable<string> more) => Policy(true, more);

    private static string Policy(bool consent, params IEnumerable<string> more) => $$"""
        mesh.policy {
          version = 1
          time-zone = Europe/Berlin
          consent.interactive = {{(consent ? "true" : "false")}}
          consent.batch = {{(consent ? "true" : "false")}}
          consent.models = ["*"]
          computer.nice = 0
          {{string.Join("\n  ", more)}}
        }
        """;
}
