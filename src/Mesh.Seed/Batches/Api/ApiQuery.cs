using System.Globalization;
using static Mesh.Seed.Batches.Api.ApiRefusedException;

namespace Mesh.Seed.Batches.Api;

/// <summary>Query parameters and path parts. Parameters that are not known are ignored, as later clients may send more.</summary>
internal static class ApiQuery
{
    /// <summary>The id in the path.</summary>
    public static string Id(HttpContext context) => Uri.UnescapeDataString((string)context.Request.RouteValues["id"]!);

    /// <summary>Null when it is not given.</summary>
    public static string? Text(HttpContext context, string name) =>
        context.Request.Query.TryGetValue(name, out var values) && values.ToString() is { Length: > 0 } text ? text : null;

    public static int Limit(HttpContext context, int most, int whenAbsent)
    {
        if (Text(context, "limit") is not { } text)
            return whenAbsent;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit >= 1 && limit <= most
            ? limit
            : throw Invalid($"'limit' must be a whole number from 1 to {most}, got '{text}'", "limit", "invalid_value");
    }

    public static bool IsAscending(HttpContext context) => Text(context, "order") switch
    {
        null or "desc" => false,
        "asc" => true,
        var other => throw Invalid($"'order' must be asc or desc, got '{other}'", "order", "invalid_value"),
    };
}
