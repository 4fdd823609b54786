using Mesh.Node.Policy;

namespace Mesh.Node.Metering;

/// <summary>What was used on one day.</summary>
/// <param name="Bytes">Both ways: tensors and fetched models.</param>
public readonly record struct DayUsage(long Bytes, long EnergyUj)
{
    public static DayUsage operator +(DayUsage one, DayUsage other) => new(one.Bytes + other.Bytes, one.EnergyUj + other.EnergyUj);

    /// <summary>For the daily caps. All bytes count as metered: where they were paid for by the byte is not known afterwards.</summary>
    public UsageToday ToUsageToday() => new(Bytes, EnergyUj / 3.6e12);

    public static DayUsage Add(DayUsage left, DayUsage right) => left + right;
}

/// <summary>Use by the owner's calendar days, the last <see cref="KeptDays"/> of them; what the policy's daily caps read. Pure.</summary>
/// <param name="zone">Whose midnight ends a day.</param>
public sealed class DailyUsage(TimeZoneInfo zone)
{
    public const int KeptDays = 62;

    private readonly SortedDictionary<DateOnly, DayUsage> _days = [];

    public IReadOnlyDictionary<DateOnly, DayUsage> Days => _days;

    public void Add(DateTimeOffset at, DayUsage used) => Add(DayOf(at), used);

    public void Add(DateOnly day, DayUsage used)
    {
        _days[day] = _days.GetValueOrDefault(day) + used;
        if (_days.Count > KeptDays)
            _days.Remove(_days.First().Key);
    }

    /// <summary>On the day that <paramref name="now"/> is in.</summary>
    public DayUsage UsageOfDay(DateTimeOffset now) => _days.GetValueOrDefault(DayOf(now));

    private DateOnly DayOf(DateTimeOffset at) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(at, zone).DateTime);
}
