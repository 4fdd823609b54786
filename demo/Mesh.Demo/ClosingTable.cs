namespace Mesh.Demo;

/// <summary>The verdict as a table for people.</summary>
internal static class ClosingTable
{
    public static string Render(Verdict verdict, Func<string, string> good, Func<string, string> bad)
    {
        var table = new ReportTable(good, bad);
        table.Row("answered", verdict.Answered, verdict.Requests);
        table.Row("agree with labels", $"{verdict.AgreeWithLabel}/{verdict.Answered} ({Share(verdict.AgreeWithLabel, verdict.Answered)})");
        table.Row("agree with direct run", verdict.AgreeWithDirect, verdict.Requests);
        table.Latency(verdict.P50, verdict.P99);
        table.Row("answers per vehicle", string.Join(", ", verdict.PerVehicle.Select(entry => $"{entry.Vehicle} {entry.Answers}")));
        table.Row("retries", $"{verdict.Retries}");
        foreach (var departure in verdict.Departures)
            table.Row(departure.Drained ? "drained" : "killed", Describe(departure, verdict.PerVehicle));
        return table.End(verdict.Failures, "Every picture was answered as the direct run answers it.");
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
