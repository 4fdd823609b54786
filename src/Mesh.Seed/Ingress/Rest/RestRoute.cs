namespace Mesh.Seed.Ingress.Rest;

/// <summary>The parts of a path that name a model.</summary>
internal static class RestRoute
{
    public static string Model(HttpContext context) => (string)context.Request.RouteValues["model"]!;

    /// <summary>Null when the path has none.</summary>
    public static string? Version(HttpContext context) => (string?)context.Request.RouteValues["version"];
}
