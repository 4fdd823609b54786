using System.Globalization;

namespace Mesh.Node.Policy.Rules;

/// <summary>What the rules about the time of day have in common.</summary>
internal static class WindowCheck
{
    /// <summary>Of the owner's hours.</summary>
    /// <param name="permitsInside">Whether work may run inside of the windows or outside.</param>
    public static Finding Of(Question question, WeeklyWindows windows, bool permitsInside)
    {
        var finding = Of(question, windows, permitsInside, $"{Show(question, question.Now)} in {question.Policy.Hours.Zone.Id}", "");
        return finding with { Threshold = finding.Recheck is { } change ? $"a time from {Show(question, change)} on" : "other hours" };
    }

    public static Finding Of(Question question, WeeklyWindows windows, bool permitsInside, string value, string threshold)
    {
        var (inside, change) = windows.At(question.Now, question.Policy.Hours.Zone);
        var passes = inside == permitsInside;
        return Finding.Of(passes, value, threshold, change) with { PlannedEnd = passes ? change : null };
    }

    /// <summary>The owner's wall clock.</summary>
    public static DateTime Wall(Question question, DateTimeOffset moment) => TimeZoneInfo.ConvertTime(moment, question.Policy.Hours.Zone).DateTime;

    private static string Show(Question question, DateTimeOffset moment) =>
        Wall(question, moment).ToString("ddd HH:mm", CultureInfo.InvariantCulture);
}
