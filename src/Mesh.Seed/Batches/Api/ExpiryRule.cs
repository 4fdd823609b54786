using static Mesh.Seed.Batches.Api.ApiRefusedException;

namespace Mesh.Seed.Batches.Api;

/// <summary>OpenAI's <c>expires_after</c>: from the file's creation on, an hour to thirty days.</summary>
internal static class ExpiryRule
{
    private const int Least = 3600;
    private const int Most = 30 * 24 * 3600;

    /// <summary>Of uploads that do not say it.</summary>
    public static TimeSpan Default { get; } = TimeSpan.FromSeconds(Most);

    /// <param name="seconds">Null = absent or not a whole number.</param>
    /// <param name="path">Of one of the two fields as the client knows it, for errors.</param>
    public static TimeSpan Check(string? anchor, long? seconds, Func<string, string> path)
    {
        if (anchor is null)
            throw Missing(path("anchor"));
        if (anchor != "created_at")
            throw Invalid($"'{path("anchor")}' must be created_at, got '{anchor}'", path("anchor"), "invalid_value");
        if (seconds is not (>= Least and <= Most))
            throw Invalid($"'{path("seconds")}' must be a whole number from {Least} to {Most}", path("seconds"), "invalid_value");
        return TimeSpan.FromSeconds(seconds.Value);
    }
}
