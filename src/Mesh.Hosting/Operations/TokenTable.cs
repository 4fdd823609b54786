using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Mesh.Hosting.Operations;

/// <summary>
/// Operators' names by the SHA-256 of their tokens, so that who reads the file learns no token. A line is
/// <c>NAME SHA256HEX</c>; empty lines and those that begin with '#' say nothing.
/// </summary>
internal sealed record TokenTable(ImmutableArray<(string Name, ImmutableArray<byte> Hash)> Tokens)
{
    public const int MaxTokens = 1000;

    /// <exception cref="FormatException">Names the line, and repeats nothing of it.</exception>
    public static TokenTable Parse(string text)
    {
        var tokens = ImmutableArray.CreateBuilder<(string, ImmutableArray<byte>)>();
        foreach (var (line, index) in text.Split('\n').Select((line, index) => (line.Trim(), index)))
        {
            if (line.Length == 0 || line[0] == '#')
                continue;
            var words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length != 2 || !OperatorName.IsGood(words[0]) || words[1].Length != 64 || !words[1].All(char.IsAsciiHexDigit))
                throw new FormatException(
                    $"line {index + 1} is no NAME (1 to 64 letters, digits, '-', '_', '.' or '@') with the SHA-256 of a token (64 hex digits)");
            tokens.Add((words[0], [.. Convert.FromHexString(words[1])]));
        }

        return tokens.Count is > 0 and <= MaxTokens
            ? new TokenTable(tokens.ToImmutable())
            : throw new FormatException($"{tokens.Count} tokens; needs 1 to {MaxTokens}");
    }

    /// <summary>Takes the same time whatever the token is.</summary>
    public string? NameOf(string token)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(token));
        string? name = null;
        foreach (var known in Tokens)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, known.Hash.AsSpan()))
                name = known.Name;
        }

        return name;
    }
}

internal static class OperatorName
{
    public static bool IsGood(string name) =>
        name.Length is > 0 and <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '@');

    /// <summary>The common name of a certificate's subject.</summary>
    public static string Of(X509Certificate2 certificate) => Of(certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false));

    /// <summary>For an audit log: bounded, and nothing in it that a terminal would obey.</summary>
    public static string Of(string text)
    {
        var clean = new string([.. text.Take(128).Select(c => char.IsControl(c) ? '?' : c)]);
        return clean.Length > 0 ? clean : "unnamed";
    }
}
