using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Mesh.Seed.Routing;

/// <summary>
/// What clients are told and operators find a request by: <c>3f2a91c4-17</c>, the uid of the seed's cluster member in
/// hexadecimal and the request's number there. So a name says which life of which seed knows of it, and nothing of its address.
/// </summary>
public readonly record struct RequestName(int Seed, RequestId Request)
{
    public static bool TryParse(string text, [NotNullWhen(true)] out RequestName name)
    {
        name = default;
        if (text.Length < 10 || text[8] != '-'
            || !uint.TryParse(text.AsSpan(0, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var seed)
            || !ulong.TryParse(text.AsSpan(9), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return false;
        name = new RequestName(unchecked((int)seed), new RequestId(number));
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{unchecked((uint)Seed):x8}-{Request.Value}");
}
