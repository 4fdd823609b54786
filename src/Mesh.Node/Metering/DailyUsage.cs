namespace Mesh.Node.Metering;

/// <summary>Use by the owner's calendar days, the last <see cref="KeptDays"/> of them; what the policy's daily caps read. Pure.</summary>
public sealed class DailyUsage
{
    public const int KeptDays = 62;

    private readonly SortedDictionary<DateOnly, DayUsage> _days = [];

    public IReadOnlyDictionary<DateOnly, DayUsage> Days => _days;

    public void Add(DateOnly day, DayUsage used)
    {
        _days[day] = Of(day) + used;
        if (_days.Count > KeptDays)
            _days.Remove(_days.First().Key);
    }

    public DayUsage Of(DateOnly day) => _days.GetValueOrDefault(day);
}
