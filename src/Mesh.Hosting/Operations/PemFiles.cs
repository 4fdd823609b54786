using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Mesh.Hosting.Operations;

/// <summary>Certificates out of the bytes of PEM files. Every error names the file. Pure.</summary>
internal static class PemFiles
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>Without the mark that some editors begin a file with.</summary>
    public static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF');

    /// <exception cref="CryptographicException">There is no certificate, or a broken one.</exception>
    public static X509Certificate2Collection Certificates(string path, byte[] bytes)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(Text(bytes));
        }
        catch (CryptographicException e)
        {
            throw new CryptographicException($"a certificate in {path} cannot be read: {e.Message}", e);
        }

        return certificates.Count > 0 ? certificates : throw new CryptographicException($"there is no certificate in {path}");
    }

    /// <summary>The first certificate of a file with its key, for a server; the file's others are what it is signed by.</summary>
    /// <exception cref="CryptographicException">There is none, it is for no server, or the key is another's.</exception>
    public static ServerCertificate Server(string path, byte[] certificate, string keyPath, byte[] key)
    {
        var chain = Certificates(path, certificate);
        if (chain[0].Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is { } usage
            && !usage.EnhancedKeyUsages.Cast<Oid>().Any(purpose => purpose.Value == ServerAuthentication))
            throw new CryptographicException($"the certificate in {path} is not for servers: its extended key usage lacks {ServerAuthentication}");
        try
        {
            using var pem = X509Certificate2.CreateFromPem(Text(certificate), Text(key));
            // By way of PKCS#12, since a key that is only in memory cannot be used for TLS everywhere.
            var usable = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
            return new ServerCertificate(usable, SslStreamCertificateContext.Create(usable, chain, offline: true));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new CryptographicException($"the certificate in {path} and the key in {keyPath} do not go together, or one of them is broken: {e.Message}", e);
        }
    }
}

/// <param name="Certificate">With its key.</param>
/// <param name="Context">What a TLS connection shows, the certificates that it is signed by included.</param>
internal sealed record ServerCertificate(X509Certificate2 Certificate, SslStreamCertificateContext Context);
