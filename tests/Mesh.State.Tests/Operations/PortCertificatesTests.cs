using System.Security.Cryptography.X509Certificates;
using System.Text;
using Mesh.Hosting.Operations;
using Mesh.State.Tests.Limits;
using Mesh.State.Tests.Telemetry;
using Mesh.Testing.Operations;

namespace Mesh.State.Tests.Operations;

/// <summary>The operators' port when its files are renewed under it.</summary>
public sealed class PortCertificatesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DrivenClock _clock = new();
    private readonly RecordedLog<PortCertificates> _log = new();
    private readonly TestAuthority _authority;
    private readonly (string Certificate, string Key) _files;
    private int _writes;

    public PortCertificatesTests()
    {
        _authority = new TestAuthority(_folder.Path, now: Signals.Start.AddDays(20));
        _files = _authority.Server();
    }

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_half_written_renewal_changes_nothing_until_it_is_whole()
    {
        using var certificates = Certificates();
        var before = certificates.Server.Certificate.SerialNumber;
        var renewed = _authority.ServerIn(Directory.CreateDirectory(_folder.File("renewed")).FullName);

        Copy(renewed.Certificate, _files.Certificate);
        for (var i = 0; i < 3; i++)
            Assert.Equal(before, certificates.Server.Certificate.SerialNumber);
        var warning = Assert.Single(_log.Lines, line => line.Contains("cannot be used", StringComparison.Ordinal));
        Assert.StartsWith(
            $"Warning: A renewed certificate of the operators' port cannot be used, so that the one before stays in force: the certificate in {_files.Certificate} and the key in {_files.Key} do not go together, or one of them is broken: ",
            warning,
            StringComparison.Ordinal);

        Copy(renewed.Key, _files.Key);
        var after = certificates.Server.Certificate;
        Assert.NotEqual(before, after.SerialNumber);
        Assert.True(after.HasPrivateKey);
        Assert.Contains($"Information: The operators' port has a new certificate from now on: CN=localhost, serial number {after.SerialNumber}", _log.Lines);
    }

    [Theory]
    [InlineData("", "there is no certificate in ")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMIIB", "there is no certificate in ")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "a certificate in ")]
    [InlineData(null, "Could not find file '")]
    public void A_broken_one_is_told_once_a_change_and_the_old_one_stays(string? text, string reason)
    {
        using var certificates = Certificates();
        var before = (certificates.Server, certificates.Authority);
        foreach (var path in new[] { _files.Certificate, _authority.Path })
        {
            for (var change = 0; change < 2; change++)
            {
                Break(path);
                Assert.Equal(before, (certificates.Server, certificates.Authority));
                Assert.Equal(before, (certificates.Server, certificates.Authority));
            }
        }

        var told = _log.Lines.Where(line => line.Contains("cannot be used", StringComparison.Ordinal)).ToList();
        // A file that is gone is gone, however often.
        Assert.Equal(text is null ? 2 : 4, told.Count);
        Assert.All(told, line => Assert.Contains(reason, line, StringComparison.Ordinal));
        Assert.Equal(told.Count / 2, told.Count(line => line.Contains(_files.Certificate, StringComparison.Ordinal)));

        void Break(string path)
        {
            if (text is null)
                File.Delete(path);
            else
                Write(path, Encoding.UTF8.GetBytes(text));
        }
    }

    [Fact]
    public void A_certificate_that_is_for_no_server_is_no_renewal()
    {
        using var certificates = Certificates();
        var before = certificates.Server;
        var (certificate, key) = _authority.Operator("anna");
        Copy(certificate, _files.Certificate);
        Copy(key, _files.Key);
        Assert.Same(before, certificates.Server);
        Assert.Contains(_log.Lines, line => line.Contains("is not for servers", StringComparison.Ordinal));
    }

    /// <summary>As Kubernetes renews a mounted secret: the link in the path leads to another folder, the file's own link is the same.</summary>
    [Fact]
    public void A_link_that_leads_elsewhere_is_a_change()
    {
        Directory.CreateDirectory(_folder.File("one"));
        Directory.CreateDirectory(_folder.File("two"));
        var (one, two) = (_authority.ServerIn(_folder.File("one")), _authority.ServerIn(_folder.File("two")));
        // They differ by their time alone.
        foreach (var path in new[] { one.Certificate, one.Key, two.Certificate, two.Key })
            Write(path, Encoding.UTF8.GetBytes(File.ReadAllText(path).PadRight(4000, '\n')));
        Directory.CreateSymbolicLink(_folder.File("data"), _folder.File("one"));
        File.CreateSymbolicLink(_folder.File("tls.crt"), Path.Combine("data", "localhost.crt"));
        File.CreateSymbolicLink(_folder.File("tls.key"), Path.Combine("data", "localhost.key"));
        using var certificates = Certificates(_folder.File("tls.crt"), _folder.File("tls.key"));
        var before = certificates.Server;
        Assert.Same(before, certificates.Server);
        Directory.Delete(_folder.File("data"));
        Directory.CreateSymbolicLink(_folder.File("data"), _folder.File("two"));
        Assert.NotEqual(before.Certificate.SerialNumber, certificates.Server.Certificate.SerialNumber);
    }

    [Fact]
    public void Its_end_is_told_when_it_is_read_and_once_a_day()
    {
        using var certificates = Certificates();
        _ = certificates.Server;
        _ = certificates.Server;
        Assert.Single(Told("certificate", "is valid only from 2026-03-21T12:00:00Z, in 19 days"));
        Day(times: 20);
        _ = certificates.Server;
        Assert.Single(Told("certificate", "expires in 24 h, at 2026-03-23T12:00:00Z"));
        Assert.Single(Told("authority", "expires in 2 days, at 2026-03-24T12:00:00Z"));
        Day(times: 3);
        Assert.Single(Told("certificate", "has expired 2 days ago, at 2026-03-23T12:00:00Z"));

        IEnumerable<string> Told(string what, string text) => _log.Lines.Where(line =>
            line.StartsWith($"Warning: The {what} of the operators' port, CN=", StringComparison.Ordinal) && line.EndsWith($", {text}", StringComparison.Ordinal));

        void Day(int times)
        {
            for (var i = 0; i < times; i++)
                _clock.Advance(TimeSpan.FromDays(1));
        }
    }

    [Fact]
    public void A_list_that_cannot_be_used_any_more_lets_nobody_in_and_is_told_until_it_can()
    {
        _clock.Advance(TimeSpan.FromDays(20));
        var (anna, list) = (Load(_authority.Operator("anna").Certificate), _authority.Revoke());
        using var certificates = new PortCertificates(
            new OperationsSettings { Certificate = _files.Certificate, Key = _files.Key, Authority = _authority.Path, Revoked = list }, _clock, _log);
        Assert.Null(Problem());
        Assert.Contains($"Information: Operators' certificates are looked up in {list}: 0 are revoked, and it holds until 2026-03-23T12:00:00Z", _log.Lines);

        _authority.Revoke(list, null, _files.Certificate);
        Touch(list);
        Assert.Null(Problem());
        Assert.Contains($"Information: Operators' certificates are looked up in {list}: 1 are revoked, and it holds until 2026-03-23T12:00:00Z", _log.Lines);

        Write(list, "half"u8.ToArray());
        Assert.Equal("the revocation list here cannot be used; the log of this host says why", Problem());
        Assert.Equal("the revocation list here cannot be used; the log of this host says why", Problem());
        Assert.Single(_log.Lines, line => line.StartsWith(
            $"Error: The list of operators' revoked certificates cannot be used, so that no operator's certificate is taken until it can: {list} is no revocation list that can be used: ",
            StringComparison.Ordinal));

        using (var other = new TestAuthority(_folder.Path, "other authority", Signals.Start.AddDays(20)))
            other.Revoke(list);
        Touch(list);
        Assert.NotNull(Problem());
        Assert.NotNull(Problem());
        Assert.Single(_log.Lines, line => line.EndsWith("CN=other authority, which is no authority of --pbm-ca", StringComparison.Ordinal));

        _authority.Revoke(list);
        Touch(list);
        Assert.Null(Problem());
        _clock.Advance(TimeSpan.FromDays(1));
        Assert.Contains("Warning: The revocation list of the operators' port, CN=test authority, expires in 0 min, at 2026-03-23T12:00:00Z", _log.Lines);
        Assert.Null(Problem());
        _clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal("the revocation list of its authority CN=test authority has expired 24 h ago, at 2026-03-23T12:00:00Z", Problem());
        Assert.Contains("Warning: The revocation list of the operators' port, CN=test authority, has expired 24 h ago, at 2026-03-23T12:00:00Z", _log.Lines);

        string? Problem() => certificates.Revocations!.Problem(anna, certificates.Authority[0], _clock.GetUtcNow());
    }

    [Fact]
    public void The_end_of_a_list_is_told_hours_before_and_then_once_a_day()
    {
        _clock.Advance(TimeSpan.FromDays(20));
        using var certificates = new PortCertificates(
            new OperationsSettings { Certificate = _files.Certificate, Key = _files.Key, Authority = _authority.Path, Revoked = _authority.Revoke() }, _clock, _log);
        _ = certificates.Revocations;
        Hours(11);
        Assert.Empty(Told());
        Hours(24);
        Assert.Equal(["expires in 12 h, at 2026-03-23T12:00:00Z"], Told());
        Hours(24);
        Assert.Equal(["expires in 12 h, at 2026-03-23T12:00:00Z", "has expired 12 h ago, at 2026-03-23T12:00:00Z"], Told());

        void Hours(int times)
        {
            for (var i = 0; i < times; i++)
                _clock.Advance(TimeSpan.FromHours(1));
        }

        IEnumerable<string> Told() => _log.Lines.Where(line => line.StartsWith("Warning: The revocation list", StringComparison.Ordinal))
            .Select(line => line[(line.IndexOf("authority, ", StringComparison.Ordinal) + "authority, ".Length)..]);
    }

    [Theory]
    [InlineData(-1, "is valid only from 2026-03-02T12:00:00Z, in 24 h")]
    [InlineData(0, null)]
    [InlineData(15.99, null)]
    [InlineData(16, "expires in 14 days, at 2026-04-01T12:00:00Z")]
    [InlineData(29.99, "expires in 14 min, at 2026-04-01T12:00:00Z")]
    [InlineData(30.5, "has expired 12 h ago, at 2026-04-01T12:00:00Z")]
    public void Two_weeks_before_the_end_and_ever_after_there_is_a_warning(double day, string? warning) =>
        Assert.Equal(warning, Expiry.Warning(Signals.Start, Signals.Start.AddDays(30), Signals.Start.AddDays(day), Expiry.Notice));

    private PortCertificates Certificates(string? certificate = null, string? key = null) => new(
        new OperationsSettings { Certificate = certificate ?? _files.Certificate, Key = key ?? _files.Key, Authority = _authority.Path }, _clock, _log);

    private static X509Certificate2 Load(string path) => X509CertificateLoader.LoadCertificateFromFile(path);

    private void Touch(string path) => Write(path, File.ReadAllBytes(path));

    private void Copy(string from, string to) => Write(to, File.ReadAllBytes(from));

    /// <summary>Each at a time of its own, which a fast test would not get from the file system.</summary>
    private void Write(string path, byte[] bytes)
    {
        File.WriteAllBytes(path, bytes);
        File.SetLastWriteTimeUtc(path, Signals.Start.UtcDateTime.AddHours(++_writes));
    }
}
