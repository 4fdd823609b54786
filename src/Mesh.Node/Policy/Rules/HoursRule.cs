namespace Mesh.Node.Policy.Rules;

/// <summary>It is an hour of the weekday at which work may run.</summary>
internal static class HoursRule
{
    public static readonly Rule Rule = new(ReasonCodes.OutsideHours, "hours", Urgency.Planned, question =>
        WindowCheck.Of(question, question.Policy.Hours.Allowed, permitsInside: true));
}
