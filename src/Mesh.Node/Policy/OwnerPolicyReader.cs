using System.Collections.Immutable;
using System.Globalization;
using Mesh.Hosting.Settings;

namespace Mesh.Node.Policy;

/// <summary>
/// Reads a policy from HOCON, of which JSON is a part. What the document leaves out is as <see cref="OwnerPolicy"/> has it:
/// protecting the owner.
/// </summary>
public static class OwnerPolicyReader
{
    /// <summary>Characters that a document may have.</summary>
    public const int MaxLength = 256 * 1024;

    private static readonly OwnerPolicy Defaults = new();

    /// <summary>The policy, or every error at once; each names the key, its value and what is allowed.</summary>
    public static (OwnerPolicy? Policy, IReadOnlyList<string> Errors) Read(string text)
    {
        if (text.Length > MaxLength)
            return (null, [$"the document has {text.Length} characters: at most {MaxLength} are read"]);
        var document = new PolicyDocument(text);
        if (document.Errors.Count == 0 && !document.IsSet("version"))
            document.AddMissing("version", "a policy");
        const int Version = OwnerPolicy.CurrentVersion;
        document.Value("version", Version, value => Whole(value, Version, Version));
        var policy = new OwnerPolicy
        {
            Consent = Consent(document),
            Parked = Parked(document),
            Charging = new ChargingPolicy
            {
                MustBePluggedIn = Flag(document, "charging.must-be-plugged-in", Defaults.Charging.MustBePluggedIn),
                MinStateOfCharge = Number(document, "charging.min-state-of-charge", Defaults.Charging.MinStateOfCharge, 0, 100),
                NeverDischarge = Flag(document, "charging.never-discharge", Defaults.Charging.NeverDischarge),
            },
            Temperature = new TemperaturePolicy
            {
                BatteryMaxCelsius = Number(document, "temperature.battery-max", Defaults.Temperature.BatteryMaxCelsius, 0, 60),
                ComputerMaxCelsius = Number(document, "temperature.computer-max", Defaults.Temperature.ComputerMaxCelsius, 0, 110),
            },
            Network = Network(document),
            Hours = Hours(document),
            Energy = Energy(document),
            Computer = Computer(document),
            Privacy = new PrivacyPolicy
            {
                GeohashCharacters = document.Value(
                    "privacy.geohash-characters", Defaults.Privacy.GeohashCharacters, value => Whole(value, 1, 7)),
            },
            Hysteresis = Hysteresis(document),
        };
        return document.Errors.Count == 0 ? (policy, []) : (null, document.Errors);
    }

    private static ConsentPolicy Consent(PolicyDocument document) => new()
    {
        Kinds = (Flag(document, "consent.interactive", false) ? WorkKinds.Interactive : WorkKinds.None)
            | (Flag(document, "consent.batch", false) ? WorkKinds.Batch : WorkKinds.None),
        Models = document.List("consent.models", SettingParsers.Text),
        Publishers = document.List("consent.publishers", SettingParsers.Text),
    };

    private static ParkedPolicy Parked(PolicyDocument document) => new()
    {
        SpeedMaxKmh = Number(document, "parked.speed-max", Defaults.Parked.SpeedMaxKmh, 0, 5),
        MustBeOff = Flag(document, "parked.must-be-off", Defaults.Parked.MustBeOff),
        MustBeLocked = Flag(document, "parked.must-be-locked", Defaults.Parked.MustBeLocked),
        PowerOptimizeLevelMax = document.Limit(
            "parked.power-optimize-level-max", Defaults.Parked.PowerOptimizeLevelMax, value => Whole(value, 0, 10)),
        AfterDeparture = document.Limit("parked.after-departure", Defaults.Parked.AfterDeparture, Duration),
    };

    private static NetworkPolicy Network(PolicyDocument document)
    {
        var allow = document.Value("network.allow", Defaults.Network.Allow, value => value switch
        {
            "wifi-only" => NetworkAllowance.WifiOnly,
            "metered" => NetworkAllowance.Metered,
            _ => (NetworkAllowance?)null,
        });
        if (allow == NetworkAllowance.Metered && !document.IsSet("network.daily-bytes"))
            document.AddMissing("network.daily-bytes", "network.allow = metered");
        return new NetworkPolicy
        {
            Allow = allow,
            DailyMeteredBytes = document.Value("network.daily-bytes", Defaults.Network.DailyMeteredBytes, SettingParsers.Bytes),
        };
    }

    private static HoursPolicy Hours(PolicyDocument document)
    {
        var needsZone = new[] { "hours", "quiet-hours" }.FirstOrDefault(document.HasSection)
            ?? (document.IsSet("energy.tariff") ? "energy.tariff" : null);
        if (needsZone is not null && !document.IsSet("time-zone"))
            document.AddMissing("time-zone", needsZone);
        return new HoursPolicy
        {
            Zone = document.Value(
                "time-zone", Defaults.Hours.Zone, name => TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : null),
            Allowed = document.HasSection("hours") ? Windows(document, "hours") : Defaults.Hours.Allowed,
            Quiet = Windows(document, "quiet-hours"),
        };
    }

    /// <summary>A day that is not named is as every day; without that it has no window.</summary>
    private static WeeklyWindows Windows(PolicyDocument document, string section)
    {
        var everyDay = Of(PolicyKey.EveryDay);
        return new WeeklyWindows(Enum.GetValues<DayOfWeek>().Select(day =>
            document.IsSet(PolicyKey.DayKey(section, day.ToString())) ? Of(day.ToString()) : everyDay));

        IEnumerable<DailyWindow> Of(string day) =>
            document.List(PolicyKey.DayKey(section, day), text => (object?)DailyWindow.Parse(text)).Cast<DailyWindow>();
    }

    private static EnergyPolicy Energy(PolicyDocument document)
    {
        var max = Number(document, "energy.max-price", Defaults.Energy.MaxPrice, -10, 1000);
        var currency = document.Value("energy.currency", "", text => text.Length == 3 && text.All(char.IsAsciiLetterUpper) ? text : null);
        var prices = document.List("energy.tariff", Price);
        if (max is not null && !document.IsSet("energy.tariff"))
            document.AddMissing("energy.tariff", "energy.max-price");
        if (document.IsSet("energy.tariff") && !document.IsSet("energy.currency"))
            document.AddMissing("energy.currency", "energy.tariff");
        foreach (var minute in Enumerable.Range(0, DailyWindow.Day).Where(minute => prices.Length > 0 && PricesAt(minute) != 1).Take(1))
        {
            document.AddWrong(
                "energy.tariff", $"needs each minute of the day once; {minute / 60:00}:{minute % 60:00} has {PricesAt(minute)} prices");
        }

        return new EnergyPolicy
        {
            DailyCapKwh = Number(document, "energy.daily-cap", Defaults.Energy.DailyCapKwh, 0, 100),
            MaxPrice = max,
            Tariff = prices.Length > 0 ? new Tariff(currency, prices) : null,
        };

        int PricesAt(int minute) => prices.Count(price => price.Window.Covers(minute));
    }

    private static ComputerPolicy Computer(PolicyDocument document) => new()
    {
        Threads = document.Value("computer.threads", Defaults.Computer.Threads, value => Whole(value, 1, 256)),
        MemoryBytes = document.Value("computer.memory", Defaults.Computer.MemoryBytes, Memory),
        MinFreeMemoryMib = document.Limit("computer.min-free-memory", Defaults.Computer.MinFreeMemoryMib, value => Whole(value, 0, 1 << 20)),
        Nice = document.Value("computer.nice", Defaults.Computer.Nice, value => Whole(value, 0, 19)),
    };

    private static HysteresisPolicy Hysteresis(PolicyDocument document)
    {
        var defaults = Defaults.Hysteresis;
        return new HysteresisPolicy
        {
            Motion = Hold("motion", defaults.Motion),
            Parked = Hold("parked", defaults.Parked),
            Battery = Hold("battery", defaults.Battery),
            Temperature = Hold("temperature", defaults.Temperature),
            Network = Hold("network", defaults.Network),
            Memory = Hold("memory", defaults.Memory),
        };

        TimeSpan Hold(string name, TimeSpan whenAbsent) => document.Value("hysteresis." + name, whenAbsent, Duration);
    }

    private static bool Flag(PolicyDocument document, string key, bool whenAbsent) =>
        document.Value(key, whenAbsent, text => text switch { "true" => true, "false" => false, _ => (bool?)null });

    private static double? Number(PolicyDocument document, string key, double? whenAbsent, double least, double most) =>
        document.Limit(key, whenAbsent, text => Number(text) is { } number && number >= least && number <= most ? number : null);

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    private static int? Whole(string text, int least, int most) => SettingParsers.Count(text, least, most);

    /// <summary>At most a pebibyte: sums with it must not overflow.</summary>
    private static long? Memory(string text) => SettingParsers.Bytes(text) is { } bytes && bytes <= 1L << 50 ? bytes : null;

    private static TimeSpan? Duration(string text) =>
        text == "0s" ? TimeSpan.Zero : SettingParsers.Duration(text) is { } duration && duration <= TimeSpan.FromDays(1) ? duration : null;

    private static TariffPrice? Price(string text)
    {
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return parts.Length == 2 && DailyWindow.Parse(parts[0]) is { } window && Number(parts[1]) is { } price && Math.Abs(price) <= 1000
            ? new TariffPrice(window, price)
            : null;
    }
}
