using System.Globalization;

namespace Mesh.Node.Policy.Rules;

/// <summary>It is an hour of the weekday at which work may run.</summary>
internal static class HoursRule
{
    public static readonly Rule Rule = new(ReasonCodes.OutsideHours, "hours", Urgency.Planned, Check);

    private static Finding Check(Question question)
    {
        var (hours, wall) = (question.Policy.Hours, WindowCheck.Wall(question));
        var today = hours.Allowed[wall.DayOfWeek];
        return WindowCheck.Of(
            question,
            hours.Allowed,
            permitsInside: true,
            string.Create(CultureInfo.InvariantCulture, $"{wall:ddd HH:mm} in {hours.Zone.Id}"),
            today.Count == 0 ? $"another day than {wall.DayOfWeek}" : string.Join(" or ", today));
    }
}
