namespace Mesh.Node.Policy.Rules;

/// <summary>What the rules about the time of day have in common.</summary>
internal static class WindowCheck
{
    /// <param name="permitsInside">Whether work may run inside of the windows or outside.</param>
    public static Finding Of(Question question, WeeklyWindows windows, bool permitsInside, string value, string threshold)
    {
        var (inside, change) = windows.At(question.Now, question.Policy.Hours.Zone);
        var passes = inside == permitsInside;
        return Finding.Of(passes, value, threshold, change) with { PlannedEnd = passes ? change : null };
    }

    /// <summary>The owner's wall clock, for messages.</summary>
    public static DateTime Wall(Question question) => TimeZoneInfo.ConvertTime(question.Now, question.Policy.Hours.Zone).DateTime;
}
