using System.Globalization;

namespace Mesh.Node.Policy.Rules;

/// <summary>It is no hour at which the owner wants quiet.</summary>
internal static class QuietHoursRule
{
    public static readonly Rule Rule = new(ReasonCodes.QuietHours, "quiet-hours", Urgency.Planned, Check);

    private static Finding Check(Question question)
    {
        var (hours, wall) = (question.Policy.Hours, WindowCheck.Wall(question));
        return WindowCheck.Of(
            question,
            hours.Quiet,
            permitsInside: false,
            string.Create(CultureInfo.InvariantCulture, $"{wall:ddd HH:mm} in {hours.Zone.Id}"),
            "a time outside of " + string.Join(" and ", hours.Quiet[wall.DayOfWeek]));
    }
}
