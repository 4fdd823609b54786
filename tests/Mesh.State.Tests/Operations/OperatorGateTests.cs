using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Mesh.Hosting.Operations;
using Mesh.State.Tests.Telemetry;
using Mesh.Testing.Operations;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mesh.State.Tests.Operations;

public sealed class OperatorGateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_proofs_everybody_is_local() => Assert.Equal("local", new OperatorGate(null, null).Judge(null, "Bearer x").Operator);

    [Theory]
    [InlineData("Bearer correct", "anna")]
    [InlineData("bearer correct ", "anna")]
    [InlineData("Bearer wrong", null)]
    [InlineData("Bearer ", null)]
    [InlineData("Basic correct", null)]
    [InlineData("correct", null)]
    [InlineData(null, null)]
    public void A_token_has_a_name(string? header, string? name)
    {
        var tokens = TokenTable.Parse($"# operators\n\nanna {Hash("correct")}\nbert {Hash("other")}");
        var judgement = new OperatorGate(null, tokens.NameOf).Judge(null, header);
        Assert.Equal(name, judgement.Operator);
        Assert.Equal(name is null ? "who asks is not known here: needs an operator's token (--token-file, PBM_TOKEN)" : null, judgement.Problem);
    }

    [Theory]
    [InlineData("")]
    [InlineData("anna")]
    [InlineData("anna secret")]
    [InlineData("an/na 0000000000000000000000000000000000000000000000000000000000000000")]
    public void A_token_file_of_another_form_is_refused_and_not_repeated(string text)
    {
        var e = Assert.Throws<FormatException>(() => TokenTable.Parse(text));
        Assert.DoesNotContain("secret", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_token_file_is_read_again_when_it_changes()
    {
        var path = _folder.Write("tokens", $"anna {Hash("one")}");
        var file = new TokenFile(path, NullLogger<TokenFile>.Instance);
        Assert.Equal(("anna", null), (file.NameOf("one"), file.NameOf("two")));
        Change($"bertha {Hash("two")}");
        Assert.Equal((null, "bertha"), (file.NameOf("one"), file.NameOf("two")));
        Change("nonsense");
        Assert.Null(file.NameOf("two"));
        Change($"anna {Hash("one")}");
        Assert.Equal("anna", file.NameOf("one"));
        File.Delete(path);
        Assert.Null(file.NameOf("one"));

        void Change(string text)
        {
            var before = File.GetLastWriteTimeUtc(path);
            _folder.Write("tokens", text);
            File.SetLastWriteTimeUtc(path, before.AddSeconds(1));
        }
    }

    [Fact]
    public void A_token_file_that_could_not_be_read_for_a_while_is_read_again_though_it_has_not_changed()
    {
        var path = _folder.Write("tokens", $"anna {Hash("one")}");
        var file = new TokenFile(path, NullLogger<TokenFile>.Instance);
        using (File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            Assert.Null(file.NameOf("one"));
        Assert.Equal("anna", file.NameOf("one"));
    }

    [Fact]
    public void Only_the_authoritys_certificates_for_clients_that_are_valid_now_are_trusted()
    {
        using var authority = new TestAuthority(_folder.Path);
        using var other = new TestAuthority(_folder.Path, "other authority");
        var gate = new OperatorGate(new OperatorTrust(() => Import(authority.Path), () => null, TimeProvider.System), null);
        var (certificate, key) = authority.Operator("anna");
        Assert.Equal("anna", Judge((certificate, key)).Operator);
        foreach (var files in new[] { authority.Operator("anna", isExpired: true), other.Operator("anna"), authority.Server() })
        {
            var (name, problem) = Judge(files);
            Assert.Null(name);
            Assert.StartsWith("the certificate of ", problem, StringComparison.Ordinal);
            Assert.Contains(" is not valid here: ", problem, StringComparison.Ordinal);
        }

        Assert.Equal("who asks is not known here: needs an operator's certificate (--cert, --key)", gate.Judge(null, "Bearer x").Problem);

        OperatorGate.Judgement Judge((string, string) files)
        {
            using var shown = Load(files);
            return gate.Judge(ShownCertificate.Of(shown, null), null);
        }
    }

    [Fact]
    public void Who_was_trusted_before_is_not_any_more_once_the_authority_is_another_or_the_time_is_over()
    {
        using var authority = new TestAuthority(_folder.Path, now: Signals.Start);
        using var other = new TestAuthority(_folder.Path, "other authority", Signals.Start);
        var (clock, path) = (new DrivenClock(), authority.Path);
        var gate = new OperatorGate(new OperatorTrust(() => Import(path), () => null, clock), token => token == "t0ken" ? "bert" : null);
        using var anna = Load(authority.Operator("anna"));
        var shown = ShownCertificate.Of(anna, null);
        Assert.Equal("anna", gate.Judge(shown, null).Operator);
        path = other.Path;
        Assert.Null(gate.Judge(shown, null).Operator);
        // The other proof is as good as ever.
        Assert.Equal("bert", gate.Judge(shown, "Bearer t0ken").Operator);
        path = authority.Path;
        clock.Advance(TimeSpan.FromHours(23));
        Assert.Equal("anna", gate.Judge(shown, null).Operator);
        clock.Advance(TimeSpan.FromHours(2));
        Assert.Null(gate.Judge(shown, null).Operator);
    }

    /// <summary>An operator's certificate that an intermediate has signed, which came with it.</summary>
    [Fact]
    public void Every_certificate_on_the_way_to_the_authority_must_have_a_list_and_not_be_on_it()
    {
        using var root = Authority("CN=root", null);
        using var between = Authority("CN=between", root);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=anna", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], false));
        using var anna = request.Create(between, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), [1]);
        var shown = ShownCertificate.Of(anna, null) with { Others = [[.. between.RawData]] };

        Assert.Null(Problem(shown, null));
        Assert.StartsWith("the certificate of anna is not valid here: ", Problem(shown with { Others = [] }, null), StringComparison.Ordinal);
        Assert.Equal("the certificate of anna is not taken: there is no revocation list of its authority CN=between here", Problem(shown, [List(root)]));
        Assert.Equal("the certificate of anna is not taken: there is no revocation list of its authority CN=root here", Problem(shown, [List(between)]));
        Assert.Null(Problem(shown, [List(root), List(between)]));
        Assert.StartsWith(
            "the certificate of anna is not taken: it was revoked by its authority CN=root, as of ", Problem(shown, [List(root, between), List(between)]), StringComparison.Ordinal);
        Assert.StartsWith(
            "the certificate of anna is not taken: it was revoked by its authority CN=between, as of ", Problem(shown, [List(root), List(between, anna)]), StringComparison.Ordinal);

        // One that is trusted by itself is no exception.
        var itself = ShownCertificate.Of(root, null);
        Assert.Null(Problem(itself, null));
        Assert.Equal("the certificate of root is not taken: there is no revocation list of its authority CN=root here", Problem(itself, []));
        Assert.Null(Problem(itself, [List(root)]));
        Assert.StartsWith("the certificate of root is not taken: it was revoked by its authority CN=root, as of ", Problem(itself, [List(root, root)]), StringComparison.Ordinal);

        string? Problem(ShownCertificate certificate, RevocationList[]? lists) => new OperatorTrust(
            () => [root], () => lists is null ? null : Revocations.Of("f", [.. lists], [root, between]), TimeProvider.System).Problem(certificate);

        static RevocationList List(X509Certificate2 authority, params X509Certificate2[] revoked)
        {
            var list = new CertificateRevocationListBuilder();
            foreach (var certificate in revoked)
                list.AddEntry(certificate);
            return RevocationList.Parse("f", list.Build(authority, 1, DateTimeOffset.UtcNow.AddHours(1), HashAlgorithmName.SHA256))[0];
        }

        static X509Certificate2 Authority(string name, X509Certificate2? issuer)
        {
            var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
            request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
            // Not beyond its issuer's, which may have been made in the second before.
            var (from, until) = issuer is null
                ? (DateTimeOffset.UtcNow.AddHours(-2), DateTimeOffset.UtcNow.AddHours(2))
                : (new DateTimeOffset(issuer.NotBefore), new DateTimeOffset(issuer.NotAfter));
            return issuer is null ? request.CreateSelfSigned(from, until) : request.Create(issuer, from, until, [2]).CopyWithPrivateKey(key);
        }
    }

    [Fact]
    public void Nothing_is_fetched_for_a_stranger()
    {
        using var authority = new TestAuthority(_folder.Path);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var issuer = new CertificateRequest("CN=nobody's authority", key, HashAlgorithmName.SHA256);
        issuer.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var unknown = issuer.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var request = new CertificateRequest("CN=mallory", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], false));
        request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension(null, [$"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/ca.crt"]));
        using var mallory = request.Create(unknown, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), [1]);

        Assert.NotNull(new OperatorTrust(() => Import(authority.Path), () => null, TimeProvider.System).Problem(ShownCertificate.Of(mallory, null)));
        Assert.False(listener.Pending());
    }

    internal static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    private static X509Certificate2Collection Import(string path) => PemFiles.Certificates(path, File.ReadAllBytes(path));

    private static X509Certificate2 Load((string Certificate, string Key) files) => X509CertificateLoader.LoadCertificateFromFile(files.Certificate);
}
