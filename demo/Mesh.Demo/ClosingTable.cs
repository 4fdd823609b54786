using System.Text;

namespace Mesh.Demo;

/// <summary>The verdict as a table for people.</summary>
internal static class ClosingTable
{
    public static string Render(Verdict verdict, Func<string, string> good, Func<string, string> bad)
    {
        var table = new StringBuilder().AppendLine();
        Row("answered", Checked(verdict.Answered, verdict.Requests));
        Row("agree with labels", $"{verdict.AgreeWithLabel}/{verdict.Answered} ({Share(verdict.AgreeWithLabel, verdict.Answered)})");
        Row("agree with direct run", Checked(verdict.AgreeWithDirect, verdict.Requests));
        Row("latency", $"p50 {verdict.P50.TotalMilliseconds:0.0} ms, p99 {verdict.P99.TotalMilliseconds:0.0} ms");
        Row("answers per vehicle", string.Join(", ", verdict.PerVehicle.Select(entry => $"{entry.Vehicle} {entry.Answers}")));
        Row("retries", $"{verdict.Retries}");
        foreach (var departure in verdict.Departures)
            Row(departure.Drained ? "drained" : "killed", Describe(departure, verdict.PerVehicle));

        table.AppendLine();
        foreach (var failure in verdict.Failures)
            table.Append("  ").AppendLine(bad(failure));
        table.Append("  ").Append(verdict.Failures.Count == 0
            ? good("Every picture was answered as the direct run answers it.")
            : bad("FAILED"));
        return table.ToString();

        void Row(string name, string value) => table.AppendLine($"  {name,-22} {value}");

        string Checked(int count, int of) => count == of ? good($"{count}/{of}") : bad($"{count}/{of}");
    }

    private static string Describe(Departure departure, IReadOnlyList<(string Vehicle, int Answers)> perVehicle)
    {
        if (departure.Problem is not null)
            return $"{departure.Vehicle}, not rejoined";
        var after = perVehicle.Single(entry => entry.Vehicle == departure.Vehicle).Answers - departure.AnswersBefore;
        return $"{departure.Vehicle}, rejoined, {after} answers after rejoin";
    }

    private static string Share(int count, int of) => of == 0 ? "none" : $"{100.0 * count / of:0.0} %";
}
