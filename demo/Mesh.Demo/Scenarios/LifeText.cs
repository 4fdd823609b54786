using System.Globalization;
using Mesh.Node.Policy;
using Mesh.Node.Sessions;

namespace Mesh.Demo.Scenarios;

/// <summary>The steps of a car's life in words.</summary>
internal static class LifeText
{
    /// <summary>parked, driving, joining, serving or draining.</summary>
    public static string Phase(LifeEntry step) => step.Phase switch
    {
        VehiclePhase.Away when Codes(step).Contains(ReasonCodes.Moving) => "driving",
        VehiclePhase.Away => "parked",
        VehiclePhase.Joining => "joining",
        VehiclePhase.Serving => "serving",
        _ => "draining",
    };

    /// <summary>Reason codes, each once, in the order of the rules.</summary>
    public static IReadOnlyList<string> Codes(LifeEntry step) => [.. step.Reasons.Select(CodeOf).Distinct()];

    /// <summary>Why it is where it is: the first reason in full.</summary>
    public static string Why(LifeEntry step)
    {
        if (step.FreedMs is { } freed)
            return string.Create(CultureInfo.InvariantCulture, $"the processor is free after {freed:0.0} ms");
        if (step.Reasons.Length == 0)
            return Otherwise(step);
        var codes = Codes(step);
        return step.Reasons[0] + (codes.Count > 1 ? $"; and {string.Join(", ", codes.Skip(1))}" : "");
    }

    /// <summary>Why it is where it is: codes alone.</summary>
    public static string Summary(LifeEntry step) =>
        step.Reasons.Length == 0 || step.FreedMs is not null ? Why(step) : string.Join(", ", Codes(step));

    /// <summary>Whether there is more to tell than one reason less, or one more beside the first.</summary>
    public static bool IsNews(LifeEntry? before, LifeEntry step) => before is null
        || step.FreedMs is not null
        || (Phase(before), before.Cause, FirstCode(before)) != (Phase(step), step.Cause, FirstCode(step));

    /// <summary>The steps that are news.</summary>
    public static IEnumerable<LifeEntry> News(IEnumerable<LifeEntry> life)
    {
        LifeEntry? before = null;
        foreach (var step in life)
        {
            if (IsNews(before, step))
                yield return step;
            before = step;
        }
    }

    private static string Otherwise(LifeEntry step) => step switch
    {
        { Phase: VehiclePhase.Away } => "may work",
        { Cause: DepartureCause.Planned } => "announced ahead: its time to work is nearly over",
        { Cause: { } cause } => cause.ToString(),
        _ => "",
    };

    private static string FirstCode(LifeEntry step) => step.Reasons.Length > 0 ? CodeOf(step.Reasons[0]) : "";

    private static string CodeOf(string reason) => reason.Split(':', 2)[0];
}
