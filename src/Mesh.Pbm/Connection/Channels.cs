using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;
using Mesh.Operations;

namespace Mesh.Pbm.Connection;

/// <summary>Opens channels to hosts.</summary>
internal static class Channels
{
    /// <exception cref="PbmException">A file cannot be used.</exception>
    public static GrpcChannel Open(HostAddress host, ConnectionOptions options) => GrpcChannel.ForAddress(host.ToUri(options.Tls), new GrpcChannelOptions
    {
        HttpHandler = new SocketsHttpHandler
        {
            // A member is asked straight, whatever the environment says of proxies.
            UseProxy = false,
            ConnectTimeout = OperationsClient.ConnectLimit,
            // A host that vanished without a word is noticed also while nothing comes from a tail.
            KeepAlivePingDelay = TimeSpan.FromSeconds(15),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            SslOptions = options.Tls ? Ssl(options) : new SslClientAuthenticationOptions(),
        },
        DisposeHttpClient = true,
        // The longest row that the limits allow, in UTF-8.
        MaxReceiveMessageSize = 3 * OperationsLimits.Columns * OperationsLimits.TextLength,
    });

    /// <summary>The operator's token, or null.</summary>
    /// <exception cref="PbmException">The file cannot be read, or the token would travel in the open.</exception>
    public static string? Token(HostAddress host, ConnectionOptions options, string? variable)
    {
        var token = (options.TokenFile is { } path ? Read(path, File.ReadAllText) : variable)?.Trim();
        if (string.IsNullOrEmpty(token))
            return null;
        if (!token.All(c => c is > ' ' and <= '~'))
            throw new PbmException(PbmExit.Usage, "the token has characters that no token has: letters, digits and signs of ASCII without blanks");
        return options.Tls || host.IsLoopback
            ? token
            : throw new PbmException(PbmExit.Usage, $"a token does not travel to {host} in the open: connect with --tls or --ca");
    }

    private static SslClientAuthenticationOptions Ssl(ConnectionOptions options)
    {
        var ssl = new SslClientAuthenticationOptions();
        if (options.Certificate is { } certificate)
        {
            // By way of PKCS#12, since a key that is only in memory cannot be used for TLS everywhere.
            using var pem = Read(certificate, path => X509Certificate2.CreateFromPemFile(path, options.Key));
            ssl.ClientCertificates = [X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null)];
        }

        if (options.Authority is { } authority)
        {
            ssl.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            ssl.CertificateChainPolicy.CustomTrustStore.AddRange(Read(authority, Import));
        }

        return ssl;
    }

    private static X509Certificate2Collection Import(string path)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPemFile(path);
        return certificates.Count > 0 ? certificates : throw new CryptographicException("there is no certificate in it");
    }

    private static T Read<T>(string path, Func<string, T> read)
    {
        try
        {
            return read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new PbmException(PbmExit.Usage, $"{path} cannot be used: {e.Message}");
        }
    }
}
