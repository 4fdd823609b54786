using System.Collections;
using System.Net;
using Akka.Configuration;
using Mesh.Hosting.Operations;
using Mesh.Hosting.Settings;
using Mesh.Testing.Operations;

namespace Mesh.State.Tests.Operations;

public sealed class OperationsSettingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_seed_listens_on_loopback_and_a_vehicle_not_at_all()
    {
        Assert.Equal(new OperationsSettings { Port = 9110 }, Read(9110));
        Assert.Equal(new OperationsSettings { Port = null }, Read(null));
        Assert.Equal(new OperationsSettings { Port = 0 }, Read(null, "--pbm-port", "0"));
        Assert.Equal(IPAddress.Loopback, Read(9110).Bind);
        Assert.Empty(Read(9110).Problems());
        Assert.Empty(Read(null, "--pbm-bind", "0.0.0.0").Problems());
    }

    /// <summary>Several seeds of one machine each have a loopback address of their own.</summary>
    [Theory]
    [InlineData("127.0.0.2", "127.0.0.2")]
    [InlineData("::1", "::1")]
    [InlineData("0.0.0.0", "127.0.0.1")]
    [InlineData("192.0.2.1", "127.0.0.1")]
    public void It_listens_where_the_other_ports_do_if_that_is_loopback(string bind, string expected) =>
        Assert.Equal(IPAddress.Parse(expected), ReadBeside(bind, 9110).Bind);

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("192.0.2.1")]
    public void Off_loopback_it_needs_TLS_and_a_proof_of_who_asks(string address) =>
        Assert.Equal(
            [
                $"--pbm-bind {address}: off loopback operators connect with TLS only: needs --pbm-cert and --pbm-key",
                $"--pbm-bind {address}: off loopback operators prove who they are: needs --pbm-ca (their certificates), --pbm-tokens (their tokens) or both",
            ],
            Read(9110, "--pbm-bind", address).Problems());

    [Fact]
    public void Off_loopback_with_both_is_good()
    {
        using var authority = new TestAuthority(_folder.Path);
        var (certificate, key) = authority.Server();
        Assert.Empty(Read(9110, "--pbm-bind", "0.0.0.0", "--pbm-cert", certificate, "--pbm-key", key, "--pbm-ca", authority.Path).Problems());
        var tokens = _folder.Write("tokens", $"anna {new string('0', 64)}\n");
        Assert.Empty(Read(9110, "--pbm-bind", "0.0.0.0", "--pbm-cert", certificate, "--pbm-key", key, "--pbm-tokens", tokens).Problems());
        Assert.Single(Read(9110, "--pbm-bind", "0.0.0.0", "--pbm-cert", certificate, "--pbm-key", key).Problems());
        Assert.Single(Read(9110, "--pbm-bind", "0.0.0.0", "--pbm-tokens", tokens).Problems());
    }

    [Fact]
    public void What_does_not_go_together_and_files_that_are_none_are_told_at_once()
    {
        var nonsense = _folder.Write("nonsense", "nonsense");
        Assert.Equal(
            ["--pbm-cert and --pbm-key belong together: needs both or none"],
            Read(9110, "--pbm-key", nonsense).Problems());
        Assert.Equal(
            [
                "--pbm-ca: operators' certificates are shown in TLS only: needs --pbm-cert and --pbm-key too",
                $"--pbm-ca: there is no certificate in {nonsense}",
                "--pbm-tokens: line 1 is no NAME (1 to 64 letters, digits, '-', '_', '.' or '@') with the SHA-256 of a token (64 hex digits)",
            ],
            Read(9110, "--pbm-ca", nonsense, "--pbm-tokens", nonsense).Problems());
        Assert.StartsWith(
            "--pbm-cert: ", Assert.Single(Read(9110, "--pbm-cert", nonsense, "--pbm-key", _folder.File("nowhere")).Problems()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_revocation_list_must_be_the_authoritys_and_may_have_expired()
    {
        using var authority = new TestAuthority(_folder.Path);
        using var other = new TestAuthority(_folder.Path, "other authority");
        var (certificate, key) = authority.Server();
        Assert.Empty(With(authority.Revoke()));
        Assert.Empty(With(authority.Revoke(until: DateTimeOffset.UtcNow.AddDays(-1))));
        var theirs = other.Revoke();
        Assert.Equal([$"--pbm-crl: {theirs} has a revocation list of CN=other authority, which is no authority of --pbm-ca"], With(theirs));
        Assert.StartsWith($"--pbm-crl: {certificate} is no revocation list that can be used: ", Assert.Single(With(certificate)), StringComparison.Ordinal);
        Assert.StartsWith("--pbm-crl: Could not find file ", Assert.Single(With(_folder.File("nowhere"))), StringComparison.Ordinal);
        Assert.Equal(
            ["--pbm-crl: it lists certificates of the authority of --pbm-ca, which is not set"],
            Read(9110, "--pbm-cert", certificate, "--pbm-key", key, "--pbm-crl", theirs).Problems());

        IReadOnlyList<string> With(string list) =>
            Read(9110, "--pbm-cert", certificate, "--pbm-key", key, "--pbm-ca", authority.Path, "--pbm-crl", list).Problems();
    }

    private static OperationsSettings Read(int? port, params string[] arguments) => ReadBeside("127.0.0.1", port, arguments);

    private static OperationsSettings ReadBeside(string bind, int? port, params string[] arguments)
    {
        var reader = new SettingsReader(OperationsSettings.Known(isOffUnlessSet: true), Config.Empty, new Hashtable(), arguments);
        var settings = OperationsSettings.Read(reader, port, IPAddress.Parse(bind));
        Assert.Empty(reader.Errors);
        return settings;
    }
}
