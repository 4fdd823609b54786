using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mesh.Hosting.Operations;

/// <summary>Whose certificates are operators': signed by the authority as it is now, for clients, valid now, and not revoked.</summary>
/// <param name="revocations">As they are now; null = nobody keeps lists.</param>
internal sealed class OperatorTrust(Func<X509Certificate2Collection> authority, Func<Revocations?> revocations, TimeProvider time)
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>For the TLS connection, which ends at once for a stranger's certificate.</summary>
    public X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            // Nobody makes this process fetch from an address of theirs before it knows who they are.
            DisableCertificateDownloads = true,
            VerificationTime = time.GetUtcNow().UtcDateTime,
        };
        policy.CustomTrustStore.AddRange(authority());
        policy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        return policy;
    }

    /// <summary>Why the certificate is no operator's now; null = it is one's.</summary>
    public string? Problem(ShownCertificate shown)
    {
        using var chain = new X509Chain { ChainPolicy = Policy() };
        using var certificate = X509CertificateLoader.LoadCertificate(shown.Certificate.AsSpan());
        foreach (var sent in shown.Others)
            chain.ChainPolicy.ExtraStore.Add(X509CertificateLoader.LoadCertificate(sent.AsSpan()));
        if (chain.Build(certificate))
            return Revoked(chain) is { } problem ? $"the certificate of {shown.Operator} is not taken: {problem}" : null;
        return $"the certificate of {shown.Operator} is not valid here: {string.Join("; ", chain.ChainStatus.Select(status => status.StatusInformation.Trim()).Distinct())}";
    }

    /// <summary>Every certificate on the way to the authority that is trusted.</summary>
    private string? Revoked(X509Chain chain)
    {
        if (revocations() is not { } lists)
            return null;
        var (way, now) = (chain.ChainElements.Select(element => element.Certificate).ToList(), time.GetUtcNow());
        // One that is trusted by itself, in the authority's file, vouches for itself: it needs a list of its own.
        var issuers = way.Count == 1 ? way : way.Skip(1);
        return way.Zip(issuers, (certificate, issuer) => lists.Problem(certificate, issuer, now)).FirstOrDefault(problem => problem is not null);
    }
}

/// <summary>What a client has shown when its connection began. Its bytes, since TLS disposes of what it was given.</summary>
/// <param name="Operator">Its subject's common name.</param>
/// <param name="Others">What came with it, for the way from it to the authority.</param>
internal sealed record ShownCertificate(string Operator, ImmutableArray<byte> Certificate, ImmutableArray<ImmutableArray<byte>> Others)
{
    private const int MaxOthers = 8;

    public static ShownCertificate Of(X509Certificate2 certificate, X509Chain? chain) => new(
        OperatorName.Of(certificate),
        [.. certificate.RawData],
        [.. (chain?.ChainPolicy.ExtraStore ?? []).Take(MaxOthers).Select(other => ImmutableArray.Create(other.RawData))]);
}
