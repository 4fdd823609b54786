using System.Globalization;
using Mesh.Node.Policy;
using Mesh.Node.Sessions;

namespace Mesh.Demo.Scenarios;

/// <summary>
/// The evening as it goes: on a terminal one table that is redrawn in place, elsewhere (or where the table does not fit) a line
/// for each change.
/// </summary>
internal sealed class DayBoard(ProgressView view, IReadOnlyList<DemoVehicle> vehicles)
{
    private readonly Dictionary<string, LifeEntry> _last = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LifeEntry> _shown = new(StringComparer.Ordinal);

    /// <summary>A vehicle knows nothing of itself until its trace has begun.</summary>
    public static bool IsBeforeAll(LifeEntry step) =>
        step.At <= Evening.From && LifeText.Codes(step) is [ReasonCodes.SignalUnknown, ..];

    /// <summary>Heading, a line for each car, and the load.</summary>
    private bool IsTable => view.IsTerminal && ProgressView.Height > vehicles.Count + 2 && ProgressView.Width > 40;

    /// <summary>The next step of a vehicle's life.</summary>
    public void Show(DemoVehicle vehicle, LifeEntry step)
    {
        if (IsBeforeAll(step))
            return;
        var isNews = LifeText.IsNews(_last.GetValueOrDefault(vehicle.Id), step);
        _last[vehicle.Id] = step;
        if (!isNews)
            return;
        // The table has one line for a car: that says why it left, not how fast.
        if (step.FreedMs is null)
            _shown[vehicle.Id] = step;
        if (!IsTable)
            view.Line($"{Evening.Clock(step.At)}  {vehicle.Id}  {Painted(LifeText.Phase(step))}  {LifeText.Why(step)}".TrimEnd());
    }

    /// <summary>Everything as it is now.</summary>
    public void Refresh(DateTimeOffset now, Tally tally)
    {
        if (!IsTable)
            return;
        var (answered, failed, perVehicle) = tally.Snapshot();
        var refused = tally.Answers().Count(DayVerdict.IsRefused);
        var answers = perVehicle.ToDictionary(entry => entry.Vehicle, entry => entry.Answers);
        view.Draw(
        [
            view.Dim(Fit($"{Evening.Clock(now)}  car    city        is        since  answers  because")),
            .. vehicles.Select(vehicle => Row(vehicle, answers.GetValueOrDefault(vehicle.Id))),
            Fit($"       {answered} answered, {refused} refused, {failed - refused} lost"),
        ]);
    }

    private string Row(DemoVehicle vehicle, int answers)
    {
        var start = $"       {vehicle.Id}  {vehicle.City,-11} ";
        if (!_shown.TryGetValue(vehicle.Id, out var step))
            return Fit(start + "starting");
        var rest = string.Create(
            CultureInfo.InvariantCulture, $"  {Evening.Clock(step.At)}  {answers,7}  {LifeText.Why(step)}");
        return Fit(start) + Painted(LifeText.Phase(step)) + Fit(rest, ProgressView.Width - start.Length - PhaseWidth);
    }

    private const int PhaseWidth = 8;

    private string Painted(string phase)
    {
        var text = phase.PadRight(PhaseWidth);
        return phase switch
        {
            "serving" => view.Good(text),
            "driving" => view.Bad(text),
            "joining" or "draining" => view.Warning(text),
            _ => text,
        };
    }

    private static string Fit(string text) => Fit(text, ProgressView.Width);

    private static string Fit(string text, int width) => text.Length <= width ? text : text[..Math.Max(0, width)];
}
