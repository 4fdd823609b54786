using System.Security.Cryptography.X509Certificates;

namespace Mesh.Hosting.Operations;

/// <summary>Who an operator is.</summary>
/// <param name="authority">Signs operators' certificates; null = none have one.</param>
/// <param name="tokens">Null = none have one.</param>
internal sealed class OperatorGate(X509Certificate2Collection? authority, Func<string, string?>? tokens)
{
    /// <summary>Who reaches a port that only this machine reaches and that asks for no proof.</summary>
    public const string Local = "local";

    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private const string Bearer = "Bearer ";

    /// <summary>The operator's name, or null for somebody unknown.</summary>
    /// <param name="certificate">Of the TLS connection, which <see cref="Trusts"/> has accepted.</param>
    /// <param name="authorization">The header "authorization".</param>
    public string? NameOf(X509Certificate2? certificate, string? authorization)
    {
        if (authority is null && tokens is null)
            return Local;
        if (authority is not null && certificate is not null)
            return OperatorName.Of(certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false));
        return tokens is not null && authorization?.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) == true
            ? tokens(authorization[Bearer.Length..].Trim())
            : null;
    }

    /// <summary>What somebody unknown needs.</summary>
    public string Needs => (authority, tokens) switch
    {
        (not null, not null) => "an operator's certificate (--cert, --key) or token (--token-file, PBM_TOKEN)",
        (not null, null) => "an operator's certificate (--cert, --key)",
        _ => "an operator's token (--token-file, PBM_TOKEN)",
    };

    /// <summary>Whether a client's certificate is an operator's: signed by the authority, for clients, and valid now.</summary>
    /// <param name="sent">The certificates that came with it.</param>
    public bool Trusts(X509Certificate2 certificate, X509Chain? sent)
    {
        if (authority is null)
            return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        // Nobody makes this process fetch from an address of theirs before it knows who they are.
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid(ClientAuthentication));
        if (sent is not null)
            chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        return chain.Build(certificate);
    }
}
