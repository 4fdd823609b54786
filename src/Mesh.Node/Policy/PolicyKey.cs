namespace Mesh.Node.Policy;

/// <summary>One key of a policy document.</summary>
/// <param name="Name">Below <c>mesh.policy</c>.</param>
/// <param name="Needs">What a value must be, for error messages.</param>
/// <param name="IsList">Its value is a list of texts.</param>
/// <param name="CanBeOff">The value <c>off</c> switches the limit off.</param>
internal sealed record PolicyKey(string Name, string Needs, bool IsList = false, bool CanBeOff = false)
{
    public string Allowed => Needs + (CanBeOff ? ", or off" : "");

    public static IReadOnlyList<PolicyKey> All { get; } =
    [
        new("version", "1"),
        new("consent.interactive", "true or false"),
        new("consent.batch", "true or false"),
        new("consent.models", "a list of model names, or [\"*\"] for all", IsList: true),
        new("consent.publishers", "a list of publishers, or [\"*\"] for all", IsList: true),
        new("parked.speed-max", "km/h, 0 to 5", CanBeOff: true),
        new("parked.must-be-off", "true or false"),
        new("parked.must-be-locked", "true or false"),
        new("parked.power-optimize-level-max", "a whole number, 0 to 10", CanBeOff: true),
        new("parked.after-departure", "a duration up to 24h, such as 30m", CanBeOff: true),
        new("charging.must-be-plugged-in", "true or false"),
        new("charging.min-state-of-charge", "percent, 0 to 100", CanBeOff: true),
        new("charging.never-discharge", "true or false"),
        new("temperature.battery-max", "degrees Celsius, 0 to 60", CanBeOff: true),
        new("temperature.computer-max", "degrees Celsius, 0 to 110", CanBeOff: true),
        new("network.allow", "wifi-only or metered"),
        new("network.daily-bytes", "a whole number of bytes a day above 0, with allow = metered"),
        new("time-zone", "a name of the IANA time zone database, such as Europe/Berlin"),
        .. WindowKeys("hours"),
        .. WindowKeys("quiet-hours"),
        new("energy.daily-cap", "kWh a day, 0 to 100", CanBeOff: true),
        new("energy.max-price", "a price of one kWh in energy.currency, -10 to 1000", CanBeOff: true),
        new("energy.currency", "three letters of ISO 4217, such as EUR"),
        new("energy.tariff", "a list of \"HH:MM-HH:MM PRICE\" that covers each minute of the day once", IsList: true),
        new("computer.threads", "a whole number, 1 to 256"),
        new("computer.memory", "a whole number of bytes, 1 to 1125899906842624"),
        new("computer.min-free-memory", "a whole number of MiB, 0 to 1048576", CanBeOff: true),
        new("computer.nice", "a whole number, 0 to 19"),
        new("privacy.geohash-characters", "a whole number, 1 to 7"),
        .. new[] { "motion", "parked", "battery", "temperature", "network", "memory" }
            .Select(name => new PolicyKey("hysteresis." + name, "a duration up to 24h, such as 300s; 0s = none")),
    ];

    internal const string EveryDay = "every-day";

    private static IEnumerable<PolicyKey> WindowKeys(string section) =>
        Enum.GetNames<DayOfWeek>().Prepend(EveryDay)
            .Select(day => new PolicyKey(DayKey(section, day), "a list of " + DailyWindow.Needs, IsList: true));

    internal static string DayKey(string section, string day) => $"{section}.{day.ToLowerInvariant()}";
}
