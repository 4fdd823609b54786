using Mesh.Messages;
using Mesh.Messages.Work;

namespace Mesh.Seed.Models;

/// <summary>Serves model artifacts to vehicles by the SHA-256 of their bytes.</summary>
public static class ArtifactEndpoint
{
    /// <summary>
    /// Maps <c>GET</c> and <c>HEAD /artifacts/{sha256}</c> with byte ranges, so that a broken fetch goes on where it stopped.
    /// 404 for a hash that no READY model has, 400 for what is not a SHA-256.
    /// </summary>
    public static IEndpointConventionBuilder MapArtifacts(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapMethods(ArtifactRoute, [HttpMethods.Get, HttpMethods.Head], Serve);

    // WorkProtocol owns the path; a hash of zeros stands where the parameter goes.
    private static readonly string ZeroHash = new('0', 64);
    private static string ArtifactRoute => WorkProtocol.ArtifactPath(new ArtifactHash(ZeroHash)).Replace(ZeroHash, "{sha256}", StringComparison.Ordinal);

    private static IResult Serve(string sha256, ModelRepository repository)
    {
        if (sha256.Length != 64 || !sha256.All(char.IsAsciiHexDigit))
            return Error(StatusCodes.Status400BadRequest, $"'{sha256}' is not a SHA-256 in hexadecimal (64 digits).");
        var hash = new ArtifactHash(sha256);
        if (repository.Snapshot.FindArtifact(hash) is not { } model || !IsStillThere(model))
            return Error(StatusCodes.Status404NotFound, $"No model of this seed has the artifact {hash}.");
        return Results.File(model.Path, "application/octet-stream", enableRangeProcessing: true);
    }

    /// <summary>A file replaced since the last scan would fail the vehicle's check of the hash: tell it at once.</summary>
    private static bool IsStillThere(ServedModel model) =>
        new FileInfo(model.Path) is { Exists: true } file && file.Length == model.Reference.Size;

    private static IResult Error(int status, string message) => Results.Json(new { error = message }, statusCode: status);
}
