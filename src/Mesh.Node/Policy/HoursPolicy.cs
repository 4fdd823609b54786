namespace Mesh.Node.Policy;

/// <summary>When work may run, by the clock on the owner's wall.</summary>
public sealed record HoursPolicy
{
    public TimeZoneInfo Zone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>Hours a weekday; all that the other limits leave, unless the document says otherwise.</summary>
    public WeeklyWindows Allowed { get; init; } = WeeklyWindows.Always;

    /// <summary>Hours in which nothing runs, whatever else is allowed.</summary>
    public WeeklyWindows Quiet { get; init; } = WeeklyWindows.Never;
}
