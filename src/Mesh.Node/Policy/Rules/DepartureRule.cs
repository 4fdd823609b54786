using Mesh.Node.Telemetry;

namespace Mesh.Node.Policy.Rules;

/// <summary>No departure is near that the vehicle expects. VSS has no such signal, only hints; to know none is no failure.</summary>
internal static class DepartureRule
{
    public static readonly Rule Rule = new(ReasonCodes.Departing, "parked.after-departure", Urgency.Planned, Check);

    private static Finding Check(Question question)
    {
        if (question.Policy.Parked.AfterDeparture is not { } wait)
            return Finding.NotAsked;
        var now = question.Now;
        var hints = new[]
        {
            Hint(question, VssCatalogue.ConditioningMode, "DRIVING_PREPARATION", VssCatalogue.ConditioningTargetTime),
            Hint(question, VssCatalogue.ChargingTimerMode, "END_TIME", VssCatalogue.ChargingTimerTime),
        };
        var due = hints.Where(hint => hint?.Time <= now && hint.Time + wait > now).MaxBy(hint => hint!.Time);
        if (due is not null)
        {
            return new Finding(
                Outcome.Fails, due.LastValue?.ToString() ?? "", $"{wait.TotalMinutes:0} min since then, or a drive", due, due.Time + wait);
        }

        var next = hints.Select(hint => hint?.Time).Where(time => time > now).Min();
        return new Finding(Outcome.Passes, Recheck: next, PlannedEnd: next);
    }

    private static SignalState? Hint(Question question, VssSignal mode, string says, VssSignal time) =>
        question.Telemetry[mode].Text == says ? question.Telemetry[time] : null;
}
