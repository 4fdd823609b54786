using System.Globalization;
using System.Text;

namespace Mesh.Demo.Scenarios;

/// <summary>An evening's verdict as tables for people.</summary>
internal static class DayTables
{
    public static string Render(DayVerdict verdict, Func<string, string> good, Func<string, string> bad)
    {
        var table = new StringBuilder().AppendLine();
        foreach (var report in verdict.Cars)
            AddCar(table, report);

        Row("requests", $"{verdict.Requests}");
        Row("answered", $"{verdict.Answered}");
        Row("refused clearly", verdict.Refused.Count == 0
            ? "0"
            : string.Join(", ", verdict.Refused.Select(refused => $"{refused.Count} with {refused.Status}")));
        Row("lost", verdict.Lost == 0 ? good("0") : bad($"{verdict.Lost}"));
        Row("agree with direct run", Checked(verdict.AgreeWithDirect, verdict.Answered));
        Row("latency", string.Create(
            CultureInfo.InvariantCulture, $"p50 {verdict.P50.TotalMilliseconds:0.0} ms, p99 {verdict.P99.TotalMilliseconds:0.0} ms"));
        Row("retries", $"{verdict.Retries}");
        Row("energy", Energy(verdict.Cars.Sum(car => car.Joules), verdict.Cars.Sum(car => car.ErrorJoules)));

        table.AppendLine();
        foreach (var failure in verdict.Failures)
            table.Append("  ").AppendLine(bad(failure));
        table.Append("  ").Append(verdict.Failures.Count == 0
            ? good("No request was lost, and no car worked when its owner or its state did not allow it.")
            : bad("FAILED"));
        return table.ToString();

        void Row(string name, string value) => table.AppendLine($"  {name,-22} {value}");

        string Checked(int count, int of) => count == of ? good($"{count}/{of}") : bad($"{count}/{of}");
    }

    private static void AddCar(StringBuilder table, CarReport report)
    {
        table.AppendLine($"  {report.Car.Id} ({report.City}): {report.Car.Story}");
        foreach (var step in LifeText.News(report.Life).Where(step => !DayBoard.IsBeforeAll(step)))
            table.AppendLine($"    {Evening.Clock(step.At)}  {LifeText.Phase(step),-8}  {LifeText.Summary(step)}".TrimEnd());
        table.AppendLine($"    answered {report.Answers}, {Energy(report.Joules, report.ErrorJoules)}").AppendLine();
    }

    private static string Energy(double joules, double error) =>
        string.Create(CultureInfo.InvariantCulture, $"{joules:0.00} J (± {error:0.00} J)");
}
