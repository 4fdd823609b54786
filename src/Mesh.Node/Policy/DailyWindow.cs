using System.Globalization;

namespace Mesh.Node.Policy;

/// <summary>From one minute of a day up to another; one that ends no later than it begins ends the day after.</summary>
/// <param name="From">Minute of the day, 0 to 1439.</param>
/// <param name="To">Minute, 1 to 1440.</param>
public readonly record struct DailyWindow(int From, int To)
{
    public const int Day = 24 * 60;

    public const string Needs = "HH:MM-HH:MM, such as 22:00-06:00 or 00:00-24:00";

    public static readonly DailyWindow Whole = new(0, Day);

    /// <summary>Minutes from the day's start; beyond <see cref="Day"/> when the window ends the day after.</summary>
    public int End => To > From ? To : To + Day;

    public bool Covers(int minute) => (minute >= From && minute < End) || minute + Day < End;

    public static DailyWindow? Parse(string text)
    {
        var parts = text.Split('-', StringSplitOptions.TrimEntries);
        return parts.Length == 2 && Minute(parts[0]) is { } from && from < Day && Minute(parts[1]) is { } to && from != to
            ? new DailyWindow(from, to == 0 ? Day : to)
            : null;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{From / 60:00}:{From % 60:00}-{To / 60:00}:{To % 60:00}");

    private static int? Minute(string text) =>
        text is [_, _, ':', _, _]
        && int.TryParse(text[..2], NumberStyles.None, CultureInfo.InvariantCulture, out var hour)
        && int.TryParse(text[3..], NumberStyles.None, CultureInfo.InvariantCulture, out var minute)
        && minute < 60 && hour * 60 + minute <= Day
            ? hour * 60 + minute
            : null;
}
