using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mesh.Testing.Operations;

/// <summary>Signs certificates for a test, and writes them as PEM files into a folder.</summary>
public sealed class TestAuthority : IDisposable
{
    private readonly DateTimeOffset _now;
    private readonly string _folder;
    private readonly X509Certificate2 _certificate;

    /// <param name="name">Of its files, too.</param>
    /// <param name="now">In the middle of its validity, 4 days; null = now.</param>
    public TestAuthority(string folder, string name = "test authority", DateTimeOffset? now = null)
    {
        (_folder, _now) = (folder, now ?? DateTimeOffset.UtcNow);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _certificate = request.CreateSelfSigned(_now.AddDays(-2), _now.AddDays(2));
        Path = Write($"{name}.crt", _certificate.ExportCertificatePem());
    }

    /// <summary>Its own certificate.</summary>
    public string Path { get; }

    /// <summary>For a host on loopback. Again: the same files renewed.</summary>
    public (string Certificate, string Key) Server() => Sign("localhost", isServer: true, _now.AddDays(1));

    /// <summary>As files elsewhere, that a renewal copies over those in use.</summary>
    public (string Certificate, string Key) ServerIn(string folder) => Sign("localhost", isServer: true, _now.AddDays(1), folder);

    public (string Certificate, string Key) Operator(string name, bool isExpired = false) =>
        Sign(name, isServer: false, isExpired ? _now.AddHours(-1) : _now.AddDays(1));

    /// <summary>Writes its list of revoked certificates, as PEM.</summary>
    /// <param name="path">Null = beside its own certificate.</param>
    /// <param name="until">Null = for a day from now.</param>
    /// <param name="revoked">Paths of PEM files.</param>
    public string Revoke(string? path = null, DateTimeOffset? until = null, params string[] revoked)
    {
        var list = new CertificateRevocationListBuilder();
        foreach (var certificate in revoked)
            list.AddEntry(X509CertificateLoader.LoadCertificateFromFile(certificate), _now.AddHours(-1));
        var end = until ?? _now.AddDays(1);
        var der = list.Build(_certificate, 1, end, HashAlgorithmName.SHA256, thisUpdate: end.AddDays(-2));
        path ??= System.IO.Path.ChangeExtension(Path, "crl");
        File.WriteAllText(path, PemEncoding.WriteString("X509 CRL", der));
        return path;
    }

    public void Dispose() => _certificate.Dispose();

    private (string Certificate, string Key) Sign(string name, bool isServer, DateTimeOffset until, string? folder = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(isServer ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2")], false));
        using var signed = request.Create(_certificate, _now.AddDays(-1), until, RandomNumberGenerator.GetBytes(8));
        return (Write($"{name}.crt", signed.ExportCertificatePem(), folder), Write($"{name}.key", key.ExportPkcs8PrivateKeyPem(), folder));
    }

    private string Write(string name, string pem, string? folder = null)
    {
        var path = System.IO.Path.Combine(folder ?? _folder, name);
        File.WriteAllText(path, pem);
        return path;
    }
}
