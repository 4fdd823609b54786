using System.Collections.Frozen;
using System.Security.Cryptography;
using Mesh.Seed.Ingress.Rest;

namespace Mesh.Seed.Dashboard;

/// <summary>The page's own files, which are part of the program.</summary>
internal sealed class DashboardFiles
{
    /// <summary>
    /// Nothing from elsewhere, no script or style in the page itself, no other page around it, and no text that becomes HTML:
    /// ids and errors come from vehicles.
    /// </summary>
    public const string ContentSecurityPolicy =
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'";

    private const string Prefix = "dashboard/";

    private static readonly FrozenDictionary<string, string> Types = new Dictionary<string, string>
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".json"] = RestResponse.Json,
        [".svg"] = "image/svg+xml",
    }.ToFrozenDictionary();

    private readonly FrozenDictionary<string, StoredFile> _files;

    public DashboardFiles()
    {
        var assembly = typeof(DashboardFiles).Assembly;
        _files = assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToFrozenDictionary(name => name[Prefix.Length..], name => Read(assembly.GetManifestResourceStream(name)!, name));
    }

    public IEnumerable<string> Names => _files.Keys;

    public Task ServeAsync(HttpContext context, string name)
    {
        if (!_files.TryGetValue(name, out var file))
        {
            return RestResponse.WriteErrorAsync(
                context, StatusCodes.Status404NotFound, $"there is nothing at {context.Request.Path}");
        }

        Protect(context.Response);
        var headers = context.Response.Headers;
        headers.CacheControl = "no-cache"; // Asked for each time, and sent only when the program has changed.
        headers.ETag = file.Tag;
        if (context.Request.Headers.IfNoneMatch.Contains(file.Tag))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        return RestResponse.WriteBodyAsync(context, file.Type, file.Content);
    }

    public static void Protect(HttpResponse response)
    {
        response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
    }

    private static StoredFile Read(Stream stream, string name)
    {
        using (stream)
        {
            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            return new StoredFile(content, Types[Path.GetExtension(name)], $"\"{Convert.ToHexStringLower(SHA256.HashData(content)[..12])}\"");
        }
    }

    private sealed record StoredFile(ReadOnlyMemory<byte> Content, string Type, string Tag);
}
