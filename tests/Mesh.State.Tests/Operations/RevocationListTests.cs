using System.Diagnostics;
using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mesh.Hosting.Operations;
using Mesh.Testing;

namespace Mesh.State.Tests.Operations;

/// <summary>Certificate revocation lists: those of OpenSSL, those of .NET, and those that must not be relied on.</summary>
public sealed class RevocationListTests : IDisposable
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    private readonly TemporaryFolder _folder = new();
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _authority;

    public RevocationListTests() => _authority = Authority(_key, X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign);

    public void Dispose()
    {
        _authority.Dispose();
        _key.Dispose();
        _folder.Dispose();
    }

    /// <summary>As the ones who run an authority make it; the list's form is OpenSSL's, not ours.</summary>
    [OpensslTheory]
    [InlineData("rsa:2048", "sha256", true)]
    [InlineData("rsa:2048", "sha512", false)]
    [InlineData("ec -pkeyopt ec_paramgen_curve:P-384", "sha384", true)]
    [InlineData("ec -pkeyopt ec_paramgen_curve:P-256", "sha256", false)]
    public async Task A_list_of_OpenSSL_is_read(string key, string hash, bool isVersion2)
    {
        await OpensslAsync(key, hash, isVersion2);
        using var authority = Load("ca.crt");
        using var anna = Load("anna.crt");
        using var bert = Load("bert.crt");
        foreach (var name in new[] { "crl.pem", "crl.der", "crl.txt" })
        {
            var list = Assert.Single(Parse(name, await File.ReadAllBytesAsync(_folder.File(name))));
            Assert.Equal(("CN=Operators", 1), (list.Issuer, list.Count));
            Assert.True(list.IsOf(authority));
            Assert.False(list.IsOf(_authority));
            Assert.Null(list.RevokedAt(bert));
            Assert.InRange(list.RevokedAt(anna)!.Value, Now.AddHours(-1), Now.AddHours(1));
            Assert.InRange(list.Until, Now.AddDays(6), Now.AddDays(8));
            var revocations = Revocations.Of(name, [list], [authority]);
            Assert.Null(revocations.Problem(bert, authority, Now));
            Assert.StartsWith("it was revoked by its authority CN=Operators, as of ", revocations.Problem(anna, authority, Now), StringComparison.Ordinal);
        }
    }

    [OpensslTheory]
    [InlineData("rsa:2048", "sha1")]
    public async Task One_with_a_weak_signature_is_refused(string key, string hash)
    {
        await OpensslAsync(key, hash, isVersion2: true);
        var e = Assert.Throws<CryptographicException>(() => Parse("crl.pem", File.ReadAllBytes(_folder.File("crl.pem"))));
        Assert.Contains("the algorithm 1.2.840.113549.1.1.5: needs RSA (PKCS #1 v1.5) or ECDSA, with SHA-256, SHA-384 or SHA-512", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_without_a_list_of_its_authority_that_holds_now_is_not_taken()
    {
        using var other = Authority(_key, X509KeyUsageFlags.CrlSign, "CN=other");
        using var namesake = Authority(ECDsa.Create(ECCurve.NamedCurves.nistP256), X509KeyUsageFlags.CrlSign);
        var revocations = Revocations.Of("f", Parse(Build()), [other, namesake, _authority]);
        Assert.Null(Problem(_authority, Now));
        Assert.Null(Problem(_authority, Now.AddDays(-1).AddMinutes(-4)));
        Assert.StartsWith("the revocation list of its authority CN=a is valid only from ", Problem(_authority, Now.AddDays(-1).AddMinutes(-6)), StringComparison.Ordinal);
        Assert.StartsWith("the revocation list of its authority CN=a has expired 2 h ago, at ", Problem(_authority, Now.AddDays(1).AddHours(2.5)), StringComparison.Ordinal);
        Assert.Equal("there is no revocation list of its authority CN=other here", Problem(other, Now));
        Assert.Equal("there is no revocation list of its authority CN=a here", Problem(namesake, Now));
        Assert.Equal("the revocation list here cannot be used; the log of this host says why", Revocations.Unknown.Problem(_authority, _authority, Now));

        string? Problem(X509Certificate2 issuer, DateTimeOffset now) => revocations.Problem(_authority, issuer, now);
    }

    [Fact]
    public void Only_the_authoritys_own_and_only_one_of_each_count()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var namesake = Authority(other, X509KeyUsageFlags.CrlSign);
        using var signsNone = Authority(_key, X509KeyUsageFlags.KeyCertSign);
        var lists = Parse(Build());
        const string NotTheirs = "f has a revocation list of CN=a, whose signature is not that authority's, or the authority may not sign lists (key usage cRLSign)";
        Assert.Equal(NotTheirs, Assert.Throws<CryptographicException>(() => Revocations.Of("f", lists, [namesake])).Message);
        Assert.Equal(NotTheirs, Assert.Throws<CryptographicException>(() => Revocations.Of("f", lists, [signsNone])).Message);
        Assert.Equal(
            "f has two revocation lists of CN=a: needs the newest alone",
            Assert.Throws<CryptographicException>(() => Revocations.Of("f", [.. lists, .. lists], [_authority])).Message);
        var pem = string.Concat(Enumerable.Repeat(PemEncoding.WriteString("X509 CRL", Build()) + "\n", 2));
        Assert.Equal(2, Parse("f", System.Text.Encoding.UTF8.GetBytes("two of them\n" + pem)).Length);
        Assert.Throws<CryptographicException>(() => Parse("f", System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(pem, 9)))));
    }

    [Theory]
    [InlineData("no end", "it does not say until when it holds (nextUpdate)")]
    [InlineData("indirect", "it has the critical extension 2.5.29.28, which is not known: needs a whole list of the authority's own certificates")]
    [InlineData("other issuer", "its entry 05 has the critical extension 2.5.29.29, which is not known: needs a whole list of the authority's own certificates")]
    [InlineData("version", "it is of a version that is not known: needs 2")]
    [InlineData("two algorithms", "it names two different algorithms of its signature")]
    [InlineData("long serial", "at most 100000 certificates, with serial numbers of 64 bytes")]
    public void What_could_mean_something_else_is_refused(string flaw, string problem)
    {
        Assert.Equal(5, Assert.Single(Parse(Flawed("none"))).Count);
        var e = Assert.Throws<CryptographicException>(() => Parse(Flawed(flaw)));
        Assert.Equal($"f is no revocation list that can be used: {problem}", e.Message);
    }

    /// <summary>A file that was cut or damaged is refused, or is not signed by the authority; it never counts, nor does it break the host.</summary>
    [Fact]
    public void No_damage_goes_unseen()
    {
        var whole = Build();
        for (var length = 0; length < whole.Length; length++)
            Assert.Throws<CryptographicException>(() => Parse(whole[..length]));
        Assert.Throws<CryptographicException>(() => Parse([.. whole, 0]));
        for (var i = 0; i < whole.Length * 8; i += 3)
        {
            var damaged = whole.ToArray();
            damaged[i / 8] ^= (byte)(1 << (i % 8));
            try
            {
                Assert.DoesNotContain(Parse(damaged), list => list.IsOf(_authority));
            }
            catch (CryptographicException)
            {
                // As it should be.
            }
        }
    }

    private static System.Collections.Immutable.ImmutableArray<RevocationList> Parse(byte[] der) => Parse("f", der);

    private static System.Collections.Immutable.ImmutableArray<RevocationList> Parse(string path, byte[] bytes) => RevocationList.Parse(path, bytes);

    private static X509Certificate2 Authority(ECDsa key, X509KeyUsageFlags usage, string name = "CN=a")
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request.CreateSelfSigned(Now.AddDays(-2), Now.AddDays(2));
    }

    private byte[] Build()
    {
        var list = new CertificateRevocationListBuilder();
        list.AddEntry([1, 2, 3], Now.AddHours(-1), X509RevocationReason.KeyCompromise);
        return list.Build(_authority, 7, Now.AddDays(1), HashAlgorithmName.SHA256, thisUpdate: Now.AddDays(-1));
    }

    /// <summary>As nobody signs it: parsing must refuse it before its signature is looked at.</summary>
    private byte[] Flawed(string flaw)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteInteger(flaw == "version" ? 2 : 1);
                Algorithm("1.2.840.10045.4.3.2");
                writer.WriteEncodedValue(_authority.SubjectName.RawData);
                writer.WriteUtcTime(Now);
                if (flaw != "no end")
                    writer.WriteGeneralizedTime(Now.AddDays(1), omitFractionalSeconds: true);
                using (writer.PushSequence())
                {
                    for (var i = 1; i <= 5; i++)
                    {
                        using (writer.PushSequence())
                        {
                            writer.WriteInteger(flaw == "long serial" ? BigInteger.Pow(2, 600) : i);
                            writer.WriteUtcTime(Now);
                            if (i == 5)
                                Extension(flaw == "other issuer" ? "2.5.29.29" : "2.5.29.21", isCritical: true);
                        }
                    }
                }

                using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
                    Extension(flaw == "indirect" ? "2.5.29.28" : "2.5.29.20", isCritical: true);
            }

            Algorithm(flaw == "two algorithms" ? "1.2.840.10045.4.3.3" : "1.2.840.10045.4.3.2");
            writer.WriteBitString([1, 2, 3]);
        }

        return writer.Encode();

        void Algorithm(string id)
        {
            using (writer.PushSequence())
                writer.WriteObjectIdentifier(id);
        }

        void Extension(string id, bool isCritical)
        {
            using (writer.PushSequence())
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(id);
                writer.WriteBoolean(isCritical);
                writer.WriteOctetString([0]);
            }
        }
    }

    private X509Certificate2 Load(string name) => X509CertificateLoader.LoadCertificateFromFile(_folder.File(name));

    /// <summary>An authority with two operators, of whom anna is revoked.</summary>
    private async Task OpensslAsync(string key, string hash, bool isVersion2)
    {
        _folder.Write("ca.conf", $"""
            [ca]
            default_ca = x
            [x]
            database = index.txt
            crlnumber = crlnumber
            default_md = {hash}
            default_crl_days = 7
            {(isVersion2 ? "crl_extensions = list" : "")}
            [list]
            authorityKeyIdentifier = keyid:always
            """);
        _folder.Write("index.txt", "");
        if (isVersion2)
            _folder.Write("crlnumber", "01\n");
        else
            _folder.Write("ca.conf", (await File.ReadAllTextAsync(_folder.File("ca.conf"))).Replace("crlnumber = crlnumber", "", StringComparison.Ordinal));
        const string Operator = "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout NAME.key -out NAME.csr -subj /CN=NAME"
            + " && openssl x509 -req -in NAME.csr -CA ca.crt -CAkey ca.key -set_serial SERIAL -days 3 -out NAME.crt";
        string[] steps =
        [
            $"openssl req -x509 -newkey {key} -nodes -keyout ca.key -out ca.crt -subj /CN=Operators -days 30 -addext keyUsage=critical,keyCertSign,cRLSign",
            // The number's first bit is set, so that its encoding begins with a zero.
            Operator.Replace("NAME", "anna", StringComparison.Ordinal).Replace("SERIAL", "0x8f00000000000000000000000000000000000001", StringComparison.Ordinal),
            Operator.Replace("NAME", "bert", StringComparison.Ordinal).Replace("SERIAL", "0x0f00000000000000000000000000000000000001", StringComparison.Ordinal),
            "openssl ca -config ca.conf -keyfile ca.key -cert ca.crt -revoke anna.crt -crl_reason keyCompromise",
            "openssl ca -config ca.conf -keyfile ca.key -cert ca.crt -gencrl -out crl.pem",
            "openssl crl -in crl.pem -outform DER -out crl.der",
            "openssl crl -in crl.pem -text -out crl.txt",
        ];
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", $"exec 2>&1; set -e; {string.Join("; ", steps)}"])
        {
            WorkingDirectory = _folder.Path,
            RedirectStandardOutput = true,
        })!;
        var said = await shell.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(60));
        await shell.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.True(shell.ExitCode == 0, said);
    }

    /// <summary>Skipped, with the reason, where there is no OpenSSL. CI fails on such a skip.</summary>
    private sealed class OpensslTheoryAttribute : TheoryAttribute
    {
        public OpensslTheoryAttribute() => Skip = InstalledProgram.Missing("openssl");
    }
}
