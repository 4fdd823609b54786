using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Mesh.Seed.Ingress;

/// <summary>
/// Tells clients apart by their API key, for fair shares only: a key is not checked against anything. It comes as
/// <c>Authorization: Bearer KEY</c> or <c>X-API-Key: KEY</c> (REST header or gRPC metadata) and is kept nowhere: what goes
/// on is a hash with a secret of this process, which nobody can look keys up by.
/// </summary>
public sealed class ClientKeys
{
    private const string Bearer = "Bearer ";

    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);

    /// <summary>A number for the key, the same each time while this process lives; 0 for all requests without one.</summary>
    /// <param name="authorization">The header's value; another scheme than Bearer is no key. Goes before the other header.</param>
    public ulong Identify(string? authorization, string? apiKey)
    {
        var key = authorization?.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) == true ? authorization[Bearer.Length..].Trim() : "";
        if (key.Length == 0)
            key = apiKey?.Trim() ?? "";
        if (key.Length == 0)
            return 0;
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_secret, Encoding.UTF8.GetBytes(key), hash);
        return Math.Max(1, BinaryPrimitives.ReadUInt64LittleEndian(hash));
    }
}
