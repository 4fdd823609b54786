using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Mesh.Hosting.Operations;
using Mesh.Pbm;
using Mesh.Pbm.Connection;
using Mesh.State.Tests.Telemetry;
using Mesh.Testing.Operations;

namespace Mesh.State.Tests.Operations;

/// <summary>Who gets in: the real client at the real port, with TLS, certificates and tokens.</summary>
public sealed class OperationsHostTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _folder = new();
    private readonly TestAuthority _authority;
    private readonly OperationsSettings _tls;

    public OperationsHostTests()
    {
        _authority = new TestAuthority(_folder.Path);
        var (certificate, key) = _authority.Server();
        _tls = new OperationsSettings { Port = 0, Certificate = certificate, Key = key };
    }

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task An_operators_certificate_lets_in_and_names_the_operator()
    {
        await using var server = await OperationsServer.StartAsync(_folder.Path, _tls with { Authority = _authority.Path });
        var (certificate, key) = _authority.Operator("anna");
        var (exitCode, _) = await RunAsync(server, null, "garage", "open", "front", "--ca", _authority.Path, "--cert", certificate, "--key", key);
        Assert.Equal(0, exitCode);
        Assert.Equal("anna", Assert.Single(server.Garage.Calls).Operator);
        var audit = JsonNode.Parse((await File.ReadAllLinesAsync(_folder.File("audit.jsonl")))[0])!;
        Assert.Equal("anna", (string?)audit["operator"]);
        Assert.StartsWith("ipv4:127.0.0.1:", (string?)audit["peer"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_gets_in_without_one()
    {
        await using var server = await OperationsServer.StartAsync(_folder.Path, _tls with { Authority = _authority.Path });
        using var other = new TestAuthority(_folder.Path, "other authority");
        var (exitCode, errors) = await RunAsync(server, null, "garage", "show", "--ca", _authority.Path);
        Assert.Equal((3, $"pbm: 127.0.0.1:{server.Port}: who asks is not known here: needs an operator's certificate (--cert, --key)\n"), (exitCode, errors));
        foreach (var (certificate, key) in new[] { other.Operator("mallory"), _authority.Operator("anna", isExpired: true), _authority.Server() })
            Assert.Equal(3, (await RunAsync(server, null, "garage", "show", "--ca", _authority.Path, "--cert", certificate, "--key", key)).ExitCode);
        // A token is no proof where none is known.
        Assert.Equal(3, (await RunAsync(server, "t0ken", "garage", "show", "--ca", _authority.Path)).ExitCode);
        // Nor does the client trust a host that its authority has not signed, or speak in the open.
        Assert.Equal(3, (await RunAsync(server, null, "garage", "show", "--ca", other.Path)).ExitCode);
        Assert.Equal(3, (await RunAsync(server, null, "garage", "show")).ExitCode);
        Assert.Empty(server.Garage.Calls);
    }

    [Fact]
    public async Task A_renewed_certificate_is_shown_to_new_connections_and_breaks_none_that_is_open()
    {
        await using var server = await OperationsServer.StartAsync(_folder.Path, _tls with { Authority = _authority.Path });
        var (certificate, key) = _authority.Operator("anna");
        using var open = Client(server, certificate, key);
        Assert.Equal("mesh-garage 0.1.0", (await open.GetPalettesAsync(Patience, default)).Host);
        var before = await ShownAsync(server);
        Assert.Equal(before, await ShownAsync(server));
        _authority.Server();
        File.SetLastWriteTimeUtc(_tls.Certificate!, DateTime.UtcNow.AddSeconds(1));
        Assert.NotEqual(before, await ShownAsync(server));
        Assert.Equal("mesh-garage 0.1.0", (await open.GetPalettesAsync(Patience, default)).Host);
        Assert.Equal(0, (await RunAsync(server, null, "garage", "show", "--ca", _authority.Path, "--cert", certificate, "--key", key)).ExitCode);
    }

    [Fact]
    public async Task A_new_authority_ends_the_old_ones_operators_also_on_an_open_connection()
    {
        using var next = new TestAuthority(_folder.Path, "next authority");
        var path = _folder.Write("operators.crt", File.ReadAllText(_authority.Path));
        await using var server = await OperationsServer.StartAsync(_folder.Path, _tls with { Authority = path });
        var (certificate, key) = _authority.Operator("anna");
        using var open = Client(server, certificate, key);
        await open.GetPalettesAsync(Patience, default);
        _folder.Write("operators.crt", File.ReadAllText(next.Path));
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddSeconds(1));
        var e = await Assert.ThrowsAsync<PbmException>(() => open.GetPalettesAsync(Patience, default));
        Assert.StartsWith($"127.0.0.1:{server.Port}: the certificate of anna is not valid here: ", e.Message, StringComparison.Ordinal);
        Assert.Equal(3, (await RunAsync(server, null, "garage", "show", "--ca", _authority.Path, "--cert", certificate, "--key", key)).ExitCode);
        var (hers, key2) = next.Operator("bertha");
        Assert.Equal(0, (await RunAsync(server, null, "garage", "show", "--ca", _authority.Path, "--cert", hers, "--key", key2)).ExitCode);
    }

    [Fact]
    public async Task A_revoked_operator_gets_no_further_also_on_an_open_connection()
    {
        var (anna, bert) = (_authority.Operator("anna"), _authority.Operator("bert"));
        var list = _authority.Revoke();
        var tokens = _folder.Write("tokens", $"anna {OperatorGateTests.Hash("t0ken")}\n");
        await using var server = await OperationsServer.StartAsync(
            _folder.Path, _tls with { Authority = _authority.Path, Revoked = list, Tokens = tokens });
        using var open = Client(server, anna.Certificate, anna.Key);
        await open.GetPalettesAsync(Patience, default);

        _authority.Revoke(list, null, anna.Certificate);
        File.SetLastWriteTimeUtc(list, DateTime.UtcNow.AddSeconds(1));
        var e = await Assert.ThrowsAsync<PbmException>(() => open.GetPalettesAsync(Patience, default));
        Assert.Matches(
            $@"\A127\.0\.0\.1:{server.Port}: the certificate of anna is not taken: it was revoked by its authority CN=test authority, as of [0-9TZ:-]+; a token will do \(--token-file, PBM_TOKEN\)\z",
            e.Message);
        string[] with = ["garage", "show", "--ca", _authority.Path];
        Assert.Equal(3, (await RunAsync(server, null, [.. with, "--cert", anna.Certificate, "--key", anna.Key])).ExitCode);
        Assert.Equal(0, (await RunAsync(server, null, [.. with, "--cert", bert.Certificate, "--key", bert.Key])).ExitCode);
        Assert.Equal(0, (await RunAsync(server, "t0ken", [.. with, "--cert", anna.Certificate, "--key", anna.Key])).ExitCode);

        // What nobody can read may name anybody.
        _folder.Write(Path.GetFileName(list), "nonsense");
        var (exitCode, errors) = await RunAsync(server, null, [.. with, "--cert", bert.Certificate, "--key", bert.Key]);
        Assert.Equal(3, exitCode);
        Assert.Contains("the certificate of bert is not taken: the revocation list here cannot be used; the log of this host says why", errors, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync(server, "t0ken", with)).ExitCode);
        _authority.Revoke(list);
        Assert.Equal(0, (await RunAsync(server, null, [.. with, "--cert", anna.Certificate, "--key", anna.Key])).ExitCode);
    }

    [Fact]
    public async Task Who_is_trusted_no_more_loses_an_answer_that_goes_on()
    {
        var clock = new DrivenClock();
        var tokens = _folder.Write("tokens", $"anna {OperatorGateTests.Hash("hers")}\nbert {OperatorGateTests.Hash("his")}\n");
        await using var server = await OperationsServer.StartAsync(_folder.Path, _tls with { Tokens = tokens }, clock);
        var (annas, anna) = Tail("hers");
        var (berts, bert) = Tail("his");
        await annas.Written.SeenAsync("begun");
        await berts.Written.SeenAsync("begun");
        clock.Advance(OperationsService.JudgeAgain);

        _folder.Write("tokens", $"bert {OperatorGateTests.Hash("his")}\n");
        File.SetLastWriteTimeUtc(tokens, DateTime.UtcNow.AddSeconds(1));
        clock.Advance(OperationsService.JudgeAgain);
        Assert.Equal(3, await anna.WaitAsync(Patience));
        Assert.Equal(
            $"pbm: 127.0.0.1:{server.Port}: who asks is not known here: needs an operator's token (--token-file, PBM_TOKEN)\n",
            annas.Errors.ToString().ReplaceLineEndings("\n"));
        // He was judged as often, and his goes on.
        clock.Advance(OperationsService.JudgeAgain);
        server.Garage.Happen("door");
        await berts.Written.SeenAsync("door");
        berts.Interrupt();
        Assert.Equal(0, await bert.WaitAsync(Patience));

        (FakeTerminal Terminal, Task<int> Run) Tail(string token)
        {
            var terminal = new FakeTerminal();
            terminal.Variables["PBM_TOKEN"] = token;
            return (terminal, PbmProgram.RunAsync([$"127.0.0.1:{server.Port}", "garage", "tail", "--ca", _authority.Path], terminal));
        }
    }

    [Fact]
    public async Task A_token_lets_in_until_it_is_taken_out_of_the_file()
    {
        var tokens = _folder.Write("tokens", $"bert {OperatorGateTests.Hash("t0ken")}\n");
        await using var server = await OperationsServer.StartAsync(_folder.Path, _tls with { Tokens = tokens });
        Assert.Equal(0, (await RunAsync(server, "t0ken", "garage", "show", "--ca", _authority.Path)).ExitCode);
        Assert.Equal("bert", Assert.Single(server.Garage.Calls).Operator);
        var file = _folder.Write("token", "t0ken\n");
        Assert.Equal(0, (await RunAsync(server, null, "garage", "show", "--ca", _authority.Path, "--token-file", file)).ExitCode);
        Assert.Equal(3, (await RunAsync(server, "wrong", "garage", "show", "--ca", _authority.Path)).ExitCode);
        _folder.Write("tokens", $"# nobody else\nanna {OperatorGateTests.Hash("other")}\n");
        Assert.Equal(3, (await RunAsync(server, "t0ken", "garage", "show", "--ca", _authority.Path)).ExitCode);
        Assert.Equal(2, server.Garage.Calls.Count);
    }

    /// <summary>The settings are refused before; a host that was started all the same takes nobody for a local operator.</summary>
    [Fact]
    public async Task Without_TLS_nobody_gets_in_by_a_certificate()
    {
        await using var server = await OperationsServer.StartAsync(_folder.Path, new OperationsSettings { Port = 0, Authority = _authority.Path });
        Assert.Equal(3, (await RunAsync(server, null, "garage", "show")).ExitCode);
        Assert.Empty(server.Garage.Calls);
    }

    [Fact]
    public async Task Values_for_completion_are_told_to_operators_alone()
    {
        var tokens = _folder.Write("tokens", $"bert {OperatorGateTests.Hash("t0ken")}\n");
        await using var server = await OperationsServer.StartAsync(_folder.Path, new OperationsSettings { Port = 0, Tokens = tokens });
        using var channel = Grpc.Net.Client.GrpcChannel.ForAddress(
            $"http://127.0.0.1:{server.Port}", new Grpc.Net.Client.GrpcChannelOptions { HttpHandler = new SocketsHttpHandler { UseProxy = false } });
        var client = new Mesh.Operations.Wire.Operations.OperationsClient(channel);
        var request = new Mesh.Operations.Wire.CompleteRequest { Words = { "garage", "explain" }, Begun = "V" };
        var e = await Assert.ThrowsAsync<Grpc.Core.RpcException>(() => client.CompleteAsync(request).ResponseAsync);
        Assert.Equal(Grpc.Core.StatusCode.Unauthenticated, e.StatusCode);
        Assert.Equal(["V-001", "V-002"], (await client.CompleteAsync(request, new Grpc.Core.Metadata { { "authorization", "Bearer t0ken" } })).Values);
    }

    [Fact]
    public async Task On_loopback_tokens_are_asked_for_too_when_there_are_any()
    {
        var tokens = _folder.Write("tokens", $"bert {OperatorGateTests.Hash("t0ken")}\n");
        await using var server = await OperationsServer.StartAsync(_folder.Path, new OperationsSettings { Port = 0, Tokens = tokens });
        Assert.Equal(3, (await RunAsync(server, null, "garage", "show")).ExitCode);
        Assert.Equal(0, (await RunAsync(server, "t0ken", "garage", "show")).ExitCode);
    }

    [Fact]
    public async Task Either_proof_is_enough_where_both_are_known()
    {
        var tokens = _folder.Write("tokens", $"bert {OperatorGateTests.Hash("t0ken")}\n");
        await using var server = await OperationsServer.StartAsync(_folder.Path, _tls with { Authority = _authority.Path, Tokens = tokens });
        var (certificate, key) = _authority.Operator("anna");
        Assert.Equal(0, (await RunAsync(server, null, "garage", "show", "--ca", _authority.Path, "--cert", certificate, "--key", key)).ExitCode);
        Assert.Equal(0, (await RunAsync(server, "t0ken", "garage", "show", "--ca", _authority.Path)).ExitCode);
        Assert.Equal(["anna", "bert"], server.Garage.Calls.Select(call => call.Operator));
    }

    [Fact]
    public async Task A_token_does_not_leave_this_machine_in_the_open()
    {
        var terminal = new FakeTerminal { Variables = new() { ["PBM_TOKEN"] = "t0ken" } };
        Assert.Equal(2, await PbmProgram.RunAsync(["seed.example:9110", "garage", "show"], terminal));
        Assert.Equal(
            "pbm: a token does not travel to seed.example:9110 in the open: connect with --tls or --ca\n",
            terminal.Errors.ToString().ReplaceLineEndings("\n"));
    }

    /// <summary>What a page in a browser could send: HTTP/1.1, or a form.</summary>
    [Fact]
    public async Task No_browser_can_ask_for_anything()
    {
        await using var server = await OperationsServer.StartAsync(_folder.Path);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var run = new Uri($"http://127.0.0.1:{server.Port}/mesh.operations.v1.Operations/Run");
        using var old = new HttpRequestMessage(HttpMethod.Post, run) { Version = HttpVersion.Version11, Content = new StringContent("x") };
        using var answer = await SendAsync(old);
        Assert.True(answer is null || answer.StatusCode >= HttpStatusCode.BadRequest);
        using var form = new HttpRequestMessage(HttpMethod.Post, run)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([0, 0, 0, 0, 0]) { Headers = { ContentType = new MediaTypeHeaderValue("text/plain") } },
        };
        using var refused = await SendAsync(form);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, refused!.StatusCode);
        Assert.Empty(server.Garage.Calls);

        async Task<HttpResponseMessage?> SendAsync(HttpRequestMessage request)
        {
            try
            {
                return await client.SendAsync(request);
            }
            catch (HttpRequestException)
            {
                return null;
            }
        }
    }

    [Fact]
    public async Task A_host_that_confirms_nothing_itself_runs_nothing_destructive()
    {
        await using var server = await OperationsServer.StartAsync(_folder.Path);
        using var channel = Grpc.Net.Client.GrpcChannel.ForAddress(
            $"http://127.0.0.1:{server.Port}", new Grpc.Net.Client.GrpcChannelOptions { HttpHandler = new SocketsHttpHandler { UseProxy = false } });
        var client = new Mesh.Operations.Wire.Operations.OperationsClient(channel);
        using var call = client.Run(new Mesh.Operations.Wire.RunRequest { Words = { "garage", "crush", "V-1" } });
        var e = await Assert.ThrowsAsync<Grpc.Core.RpcException>(() => call.ResponseStream.MoveNext(default));
        Assert.Equal(Grpc.Core.StatusCode.FailedPrecondition, e.StatusCode);
        Assert.Empty(server.Garage.Calls);
    }

    private OperationsClient Client(OperationsServer server, string certificate, string key) => new(
        new HostAddress("127.0.0.1", server.Port),
        new ConnectionOptions { Tls = true, Authority = _authority.Path, Certificate = certificate, Key = key },
        null);

    /// <summary>The serial number of the certificate that a new connection gets to see.</summary>
    private async Task<string> ShownAsync(OperationsServer server)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(_authority.Path);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, server.Port);
        using var tls = new SslStream(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            CertificateChainPolicy = policy,
        });
        return tls.RemoteCertificate!.GetSerialNumberString();
    }

    private static async Task<(int ExitCode, string Errors)> RunAsync(OperationsServer server, string? token, params string[] arguments)
    {
        var terminal = new FakeTerminal();
        if (token is not null)
            terminal.Variables["PBM_TOKEN"] = token;
        var exitCode = await PbmProgram.RunAsync([$"127.0.0.1:{server.Port}", .. arguments], terminal);
        return (exitCode, terminal.Errors.ToString().ReplaceLineEndings("\n"));
    }
}
