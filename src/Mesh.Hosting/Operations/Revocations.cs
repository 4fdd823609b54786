using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mesh.Hosting.Operations;

/// <summary>
/// The lists of revoked certificates that the authorities of operators have signed. A certificate of an authority without a list
/// that holds now is not taken: nobody could tell whether it is revoked. Pure.
/// </summary>
internal sealed class Revocations
{
    /// <summary>So much may an authority's clock be ahead.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    private readonly ImmutableArray<(RevocationList List, X509Certificate2 Authority)> _lists;
    private readonly bool _isUnknown;

    private Revocations(ImmutableArray<(RevocationList, X509Certificate2)> lists, bool isUnknown) => (_lists, _isUnknown) = (lists, isUnknown);

    /// <summary>When no list can be used: no certificate is taken.</summary>
    public static Revocations Unknown { get; } = new([], isUnknown: true);

    /// <param name="path">For errors.</param>
    /// <param name="authorities">Of <c>--pbm-ca</c>; each list must be signed by one of them.</param>
    /// <exception cref="CryptographicException">A list is none of theirs.</exception>
    public static Revocations Of(string path, ImmutableArray<RevocationList> lists, X509Certificate2Collection authorities)
    {
        var signed = lists.Select(list => (list, authorities.FirstOrDefault(list.IsOf) ?? throw NotTheirs(path, list, authorities))).ToImmutableArray();
        return signed.GroupBy(list => list.Item2).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new CryptographicException($"{path} has two revocation lists of {twice.Key.Subject}: needs the newest alone")
            : new Revocations(signed, isUnknown: false);
    }

    /// <summary>Why a certificate must not be taken; null = its authority says that it is good.</summary>
    /// <param name="issuer">What it is signed by.</param>
    public string? Problem(X509Certificate2 certificate, X509Certificate2 issuer, DateTimeOffset now)
    {
        if (_isUnknown)
            return "the revocation list here cannot be used; the log of this host says why";
        var list = _lists.FirstOrDefault(list => IsSame(list.Authority, issuer)).List;
        if (list is null)
            return $"there is no revocation list of its authority {issuer.Subject} here";
        if (now < list.From - Skew || now > list.Until)
            return $"the revocation list of its authority {issuer.Subject} {Expiry.Warning(list.From - Skew, list.Until, now, TimeSpan.Zero)}";
        return list.RevokedAt(certificate) is { } at ? $"it was revoked by its authority {issuer.Subject}, as of {Expiry.Of(at)}" : null;
    }

    /// <summary>What somebody must hear of the lists' ends: in the last quarter of their time, as their authorities renew them long before.</summary>
    public IEnumerable<(string Issuer, string Warning)> Warnings(DateTimeOffset now)
    {
        foreach (var (list, _) in _lists)
        {
            var quarter = (list.Until - list.From) / 4;
            if (Expiry.Warning(list.From - Skew, list.Until, now, quarter < Expiry.Notice ? quarter : Expiry.Notice) is { } warning)
                yield return (list.Issuer, warning);
        }
    }

    private static bool IsSame(X509Certificate2 one, X509Certificate2 other) =>
        one.SubjectName.RawData.AsSpan().SequenceEqual(other.SubjectName.RawData)
        && one.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(other.PublicKey.ExportSubjectPublicKeyInfo());

    private static CryptographicException NotTheirs(string path, RevocationList list, X509Certificate2Collection authorities) => new(
        !authorities.Any(list.IsNamed)
            ? $"{path} has a revocation list of {list.Issuer}, which is no authority of --pbm-ca"
            : $"{path} has a revocation list of {list.Issuer}, whose signature is not that authority's, or the authority may not sign lists (key usage cRLSign)");
}
