using Mesh.Messages;

namespace Mesh.Node.Policy;

/// <summary>
/// What the owner allows, read by <see cref="OwnerPolicyReader"/>. A new one is what an empty document means: every limit is
/// on and there is consent to nothing. A null limit is one that the owner has switched off. Defaults and ranges: docs/policy.md.
/// </summary>
public sealed record OwnerPolicy
{
    public const int CurrentVersion = 1;

    /// <summary>Allows everything, anywhere; for demonstrations and tests alone.</summary>
    public static OwnerPolicy Demo { get; } = new()
    {
        Consent = new ConsentPolicy { Kinds = WorkKinds.All, Models = [ConsentPolicy.Any], Publishers = [ConsentPolicy.Any] },
        Parked = new ParkedPolicy
        {
            MustStandStill = false,
            SpeedMaxKmh = null,
            MustBeOff = false,
            MustBeLocked = false,
            PowerOptimizeLevelMax = null,
            AfterDeparture = null,
        },
        Charging = new ChargingPolicy { MustBePluggedIn = false, MinStateOfCharge = null, NeverDischarge = false },
        Temperature = new TemperaturePolicy { BatteryMaxCelsius = null, ComputerMaxCelsius = null },
        Network = new NetworkPolicy { Allow = NetworkAllowance.Any },
        Energy = new EnergyPolicy { DailyCapKwh = null },
        Computer = ComputerPolicy.Unlimited,
        Privacy = new PrivacyPolicy { GeohashCharacters = 12 },
        Hysteresis = HysteresisPolicy.None,
    };

    public ConsentPolicy Consent { get; init; } = new();

    public ParkedPolicy Parked { get; init; } = new();

    public ChargingPolicy Charging { get; init; } = new();

    public TemperaturePolicy Temperature { get; init; } = new();

    public NetworkPolicy Network { get; init; } = new();

    public HoursPolicy Hours { get; init; } = new();

    public EnergyPolicy Energy { get; init; } = new();

    public ComputerPolicy Computer { get; init; } = new();

    public PrivacyPolicy Privacy { get; init; } = new();

    public HysteresisPolicy Hysteresis { get; init; } = new();

    /// <summary>The owner's day that a moment belongs to: usage is counted per day.</summary>
    public DateOnly DayOf(DateTimeOffset moment) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(moment, Hours.Zone).DateTime);

    /// <summary>When usage starts to count anew.</summary>
    public DateTimeOffset NextDay(DateTimeOffset moment) => WeeklyWindows.ToMoment(DayOf(moment).AddDays(1), 0, Hours.Zone);

    /// <summary>The place that may be told: no closer than the middle of its geohash cell.</summary>
    public GeoPoint Told(GeoPoint place) => Geohash.Coarsen(place, Privacy.GeohashCharacters);
}
