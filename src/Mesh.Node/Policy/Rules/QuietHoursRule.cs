namespace Mesh.Node.Policy.Rules;

/// <summary>It is no hour at which the owner wants quiet.</summary>
internal static class QuietHoursRule
{
    public static readonly Rule Rule = new(ReasonCodes.QuietHours, "quiet-hours", Urgency.Planned, question =>
        WindowCheck.Of(question, question.Policy.Hours.Quiet, permitsInside: false));
}
