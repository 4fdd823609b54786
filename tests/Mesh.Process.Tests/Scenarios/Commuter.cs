using Mesh.Demo.Scenarios;

namespace Mesh.Process.Tests.Scenarios;

/// <summary>
/// Monday of a car that is charged at night, stands at work without a cable, and lets itself be warmed up for nothing in the
/// evening, just when its battery has reached what its owner asks for.
/// </summary>
internal static class Commuter
{
    public const string Policy = """
        mesh.policy {
          version = 1
          time-zone = Europe/Berlin
          consent { interactive = true, batch = true, models = ["*"] }
          charging.min-state-of-charge = 60
          hours.every-day = ["17:00-09:00"]
          quiet-hours.every-day = ["20:30-22:00"]
          hysteresis.battery = 300s
          computer.nice = 0 # it shares a computer with the test
        }
        """;

    public static CarDay Day { get; } = new CarDay(Clock(0, 0), Clock(24, 0), seed: 7, charge: 62, new CarState().PluggedIn(4))
        .At(Clock(6, 50), car => car.Entered())
        .At(Clock(7, 0), car => car.Driving(percentPerHour: 27))
        .At(Clock(7, 40), car => car.Parked())
        .At(Clock(15, 30), car => car.Driving(percentPerHour: 27))
        .At(Clock(16, 10), car => car.Parked().AtHome())
        .At(Clock(16, 20), car => car.PluggedIn(10))
        .At(Clock(17, 57), car => car.PluggedIn(-30))
        .At(Clock(17, 59), car => car.PluggedIn(3));

    /// <summary>Reckoned by hand from the day and the policy above.</summary>
    public static IReadOnlyList<(DateTimeOffset From, DateTimeOffset To)> Windows { get; } =
    [
        // 62 % at midnight, 4 % an hour: charged, to 80 %, after 4 h 30 min; the last of it may be told one tick later.
        (Clock(0, 0), Clock(4, 30) + CarDay.Tick),
        // 80 % less two drives of 18 % = 44 % at 16:20, 60 % at 17:56. Warming takes 1 % from 60.17 % at 17:57 on. At 17:59 it
        // has 59.17 %, and at 3 % an hour 60 % after 16 min 40 s; then they must hold for 5 min: 18:20:40. Quiet from 20:30 on.
        (Clock(18, 20), Clock(20, 30)),
        // Until nothing more is known of the car.
        (Clock(22, 0), DateTimeOffset.MaxValue),
    ];

    /// <summary>In Berlin, an hour ahead.</summary>
    private static DateTimeOffset Clock(int hour, int minute) =>
        new DateTimeOffset(2026, 3, 2, 0, 0, 0, TimeSpan.FromHours(1)) + new TimeSpan(hour, minute, 0);
}
