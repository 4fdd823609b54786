using Mesh.Messages;
using Mesh.Operations;

namespace Mesh.Seed.Operations;

/// <summary>A model by the beginning of its hash, for one that vehicles hold and the repository does not know any more. Pure.</summary>
internal static class LoadedHash
{
    private const string Sign = "sha256:";
    private const int LeastDigits = 8;

    public static bool IsOne(string text) => text.StartsWith(Sign, StringComparison.Ordinal);

    /// <param name="loaded">On the connected vehicles.</param>
    /// <exception cref="CommandFailedException">It is too short, or none or several begin so.</exception>
    public static ArtifactHash Find(string text, IEnumerable<ArtifactHash> loaded)
    {
        var prefix = text[Sign.Length..].ToLowerInvariant();
        if (prefix.Length is < LeastDigits or > 64 || !prefix.All(char.IsAsciiHexDigit))
            throw new CommandFailedException($"'{text}' is no hash: {Sign} and {LeastDigits} to 64 hexadecimal digits");
        var found = loaded.Where(hash => hash.Hex.StartsWith(prefix, StringComparison.Ordinal)).Take(2).ToList();
        return found.Count switch
        {
            1 => found[0],
            0 => throw new CommandFailedException($"no vehicle that is connected here has a model loaded whose hash begins with {prefix}"),
            _ => throw new CommandFailedException($"vehicles have several models loaded whose hash begins with {prefix}: give more digits"),
        };
    }
}
