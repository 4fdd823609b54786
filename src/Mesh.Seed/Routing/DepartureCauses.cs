namespace Mesh.Seed.Routing;

/// <summary>Why vehicles say that they leave; what else a goodbye may hold is no label of a metric.</summary>
internal static class DepartureCauses
{
    private const string Planned = "planned";

    public static IReadOnlyList<string> Words { get; } = [Planned, "soon", "now", "renewal", "stop"];

    /// <summary>'planned' for a cause that is not known.</summary>
    public static string Known(string cause)
    {
        foreach (var word in Words)
        {
            if (word.Equals(cause, StringComparison.OrdinalIgnoreCase))
                return word;
        }

        return Planned;
    }
}
