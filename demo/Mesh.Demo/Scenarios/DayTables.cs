using System.Globalization;

namespace Mesh.Demo.Scenarios;

/// <summary>An evening's verdict as tables for people.</summary>
internal static class DayTables
{
    public static string Render(DayVerdict verdict, Func<string, string> good, Func<string, string> bad)
    {
        var table = new ReportTable(good, bad);
        foreach (var report in verdict.Cars)
            AddCar(table, report);

        table.Row("requests", $"{verdict.Requests}");
        table.Row("answered", $"{verdict.Answered}");
        table.Row("refused clearly", verdict.Refused.Count == 0
            ? "0"
            : string.Join(", ", verdict.Refused.Select(refused => $"{refused.Count} with {refused.Status}")));
        table.Row("lost", verdict.Lost == 0 ? good("0") : bad($"{verdict.Lost}"));
        table.Row("agree with direct run", verdict.AgreeWithDirect, verdict.Answered);
        table.Latency(verdict.P50, verdict.P99);
        table.Row("retries", $"{verdict.Retries}");
        table.Row("energy", Energy(verdict.Cars.Sum(car => car.Joules), verdict.Cars.Sum(car => car.ErrorJoules)));
        return table.End(verdict.Failures, "No request was lost, and no car worked when its owner or its state did not allow it.");
    }

    private static void AddCar(ReportTable table, CarReport report)
    {
        table.Line($"  {report.Car.Id} ({report.City}): {report.Car.Story}");
        foreach (var step in LifeText.News(report.Life).Where(step => !DayBoard.IsBeforeAll(step)))
            table.Line($"    {Evening.Clock(step.At)}  {LifeText.Phase(step),-8}  {LifeText.Summary(step)}".TrimEnd());
        table.Line($"    answered {report.Answers}, {Energy(report.Joules, report.ErrorJoules)}");
        table.Line();
    }

    private static string Energy(double joules, double error) =>
        string.Create(CultureInfo.InvariantCulture, $"{joules:0.00} J (± {error:0.00} J)");
}
