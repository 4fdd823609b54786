using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Mesh.Hosting.Operations;
using Mesh.Operations;
using Mesh.Operations.Wire;
using Mesh.Pbm;
using Mesh.Pbm.Connection;
using Mesh.Testing.Operations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Referral = Mesh.Operations.Referral;

namespace Mesh.State.Tests.Operations;

/// <summary>A host that refers commands to others, and the client that goes there.</summary>
public sealed class ReferralTests : IAsyncLifetime, IDisposable
{
    private const string Reason = "a garage knows that: ask there";

    private readonly TemporaryFolder _folder = new();
    private readonly ReferringHandler _handler = new();
    private OperationsServer _garage = null!;
    private IHost _referring = null!;

    private string Host => $"127.0.0.1:{_referring.Services.GetRequiredService<OperationsHost>().Port}";

    private string Garage => $"127.0.0.1:{_garage.Port}";

    public async Task InitializeAsync()
    {
        _garage = await OperationsServer.StartAsync(_folder.File("garage"));
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton<ICommandHandler>(_handler).AddOperations(new OperationsSettings { Port = 0 }, "mesh-referring", _folder.File("referring"));
        _referring = builder.Build();
        await _referring.StartAsync();
        _handler.Referral = new Referral([Garage], []);
    }

    public async Task DisposeAsync()
    {
        await _referring.StopAsync();
        await ((IAsyncDisposable)_referring).DisposeAsync();
        await _garage.DisposeAsync();
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_answer_is_the_other_hosts_and_standard_error_says_whose()
    {
        var (exitCode, output, errors) = await RunAsync("garage", "members");
        Assert.Equal((0, "akka.tcp://mesh@127.0.0.1:4053 | [seed] | up | | 1.0.0\nCount: 1 nodes\n"), (exitCode, output));
        Assert.Equal($"(seed {Garage} answers: garage members)\n", errors);
        (_, output, _) = await RunAsync("garage", "explain", "V-1", "--json");
        Assert.Equal("V-1", (string?)JsonNode.Parse(output)!["vehicle"]);
    }

    [Fact]
    public async Task Words_are_the_operators_own_and_what_is_added_stands_behind_them()
    {
        _handler.Referral = _handler.Referral with { Added = ["front"] };
        // The host that refers must find the command whole, so it is one whose value may be left out.
        var (exitCode, output, errors) = await RunAsync("garage", "light");
        Assert.Equal((2, ""), (exitCode, output));
        Assert.StartsWith($"(seed {Garage} answers: garage light front)\npbm: ", errors, StringComparison.Ordinal);
        _handler.Referral = _handler.Referral with { Added = ["off"] };
        Assert.Equal((0, "light: off\n"), await OutputAsync("garage", "light"));
        Assert.Equal("off", Assert.Single(_garage.Garage.Calls)["new"]);
    }

    [Fact]
    public async Task Secrets_are_not_told_on_standard_error()
    {
        var (_, _, errors) = await RunAsync("garage", "open", "front", "--pin", "1234");
        Assert.Equal($"(seed {Garage} answers: garage open front --pin=***)\n", errors);
        Assert.Equal("1234", Assert.Single(_garage.Garage.Calls)["pin"]);
    }

    [Fact]
    public async Task What_changes_something_is_audited_as_referred_here_and_as_run_there()
    {
        Assert.Equal((0, "open: front\n"), await OutputAsync("garage", "open", "front"));
        Assert.Equal(["begun", "referred"], Outcomes("referring"));
        Assert.Equal(["begun", "done"], Outcomes("garage"));

        IEnumerable<string?> Outcomes(string host) =>
            File.ReadLines(Path.Combine(_folder.File(host), "audit.jsonl")).Select(line => (string?)JsonNode.Parse(line)!["outcome"]);
    }

    [Fact]
    public async Task Of_several_hosts_the_first_that_lets_us_answers()
    {
        _handler.Referral = new Referral(["nonsense", "127.0.0.1:1", Host, Garage], []);
        var (exitCode, _, errors) = await RunAsync("garage", "members");
        Assert.Equal((0, $"(seed {Garage} answers: garage members)\n"), (exitCode, errors));
    }

    [Fact]
    public async Task Where_none_can_be_asked_each_one_says_why()
    {
        _handler.Referral = new Referral(["nonsense", "127.0.0.1:1", Host, "seed.example:9110"], []);
        var (exitCode, output, errors) = await RunAsync("garage", "members");
        Assert.Equal((3, ""), (exitCode, output));
        Assert.StartsWith($"pbm: {Host} refers to others, and none of them can be asked: ", errors, StringComparison.Ordinal);
        Assert.Contains("'nonsense' is no HOST:PORT; ", errors, StringComparison.Ordinal);
        Assert.Contains($"{Host}: that is the host that was asked", errors, StringComparison.Ordinal);
        Assert.Contains("seed.example:9110: without TLS nothing is asked off this machine", errors, StringComparison.Ordinal);
        Assert.Contains("cannot connect to 127.0.0.1:1: ", errors, StringComparison.Ordinal);
    }

    /// <summary>Two that refer to each other must not keep a client going.</summary>
    [Fact]
    public async Task A_referral_is_followed_once()
    {
        var other = new ReferringHandler { Referral = new Referral([Garage], []) };
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton<ICommandHandler>(other).AddOperations(new OperationsSettings { Port = 0 }, "mesh-referring", _folder.File("other"));
        using var second = builder.Build();
        await second.StartAsync();
        var address = $"127.0.0.1:{second.Services.GetRequiredService<OperationsHost>().Port}";
        _handler.Referral = new Referral([address], []);
        Assert.Equal((1, "", $"(seed {address} answers: garage members)\npbm: {Reason}\n"), await RunAsync("garage", "members"));
        Assert.Empty(_garage.Garage.Calls);
        await second.StopAsync();
        await ((IAsyncDisposable)second).DisposeAsync();
    }

    [Fact]
    public async Task Scripts_and_watches_follow_as_well()
    {
        var script = new FakeTerminal { In = new StringReader("garage open front\ngarage open rear\n") };
        Assert.Equal(0, await PbmProgram.RunAsync([Host], script).WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Equal("open: front\nopen: rear\n", script.Written.ToString());

        var watch = new FakeTerminal();
        var run = PbmProgram.RunAsync([Host, "garage", "members", "--watch", "0.1"], watch);
        await watch.Written.SeenAsync("Count");
        await watch.Written.SeenAsync("Count", watch.Written.ToString().Length);
        watch.Interrupt();
        Assert.Equal(0, await run.WaitAsync(TimeSpan.FromSeconds(60)));
        // Once: it is the same one each time.
        Assert.Equal($"(seed {Garage} answers: garage members)\n", watch.Errors.ToString());

        var live = new FakeTerminal { IsOutTerminal = true, Width = 200, Variables = new() { ["NO_COLOR"] = "1" } };
        run = PbmProgram.RunAsync([Host, "garage", "members", "--watch", "0.1"], live);
        await live.Written.SeenAsync($"Ctrl-C ends it  (seed {Garage} answers: garage members)");
        live.Interrupt();
        Assert.Equal((0, ""), (await run.WaitAsync(TimeSpan.FromSeconds(60)), live.Errors.ToString()));
    }

    [Fact]
    public async Task The_operators_token_goes_along_and_the_gate_there_decides()
    {
        var tokens = _folder.Write("tokens", $"bert {OperatorGateTests.Hash("t0ken")}\n");
        await using var gated = await OperationsServer.StartAsync(_folder.File("gated"), new OperationsSettings { Port = 0, Tokens = tokens });
        _handler.Referral = new Referral([$"127.0.0.1:{gated.Port}"], []);
        Assert.Equal(3, (await RunAsync("garage", "open", "front")).ExitCode);
        Assert.Empty(gated.Garage.Calls);
        var terminal = new FakeTerminal { Variables = new() { ["PBM_TOKEN"] = "t0ken" } };
        Assert.Equal(0, await PbmProgram.RunAsync([Host, "garage", "open", "front"], terminal));
        Assert.Equal("bert", Assert.Single(gated.Garage.Calls).Operator);
    }

    /// <summary>As an older pbm does, which knows no trailer.</summary>
    [Fact]
    public async Task Who_does_not_know_referrals_gets_an_error_that_says_whom_to_ask()
    {
        using var channel = Grpc.Net.Client.GrpcChannel.ForAddress(
            $"http://{Host}", new Grpc.Net.Client.GrpcChannelOptions { HttpHandler = new SocketsHttpHandler { UseProxy = false } });
        using var call = new Mesh.Operations.Wire.Operations.OperationsClient(channel).Run(new RunRequest { Words = { "garage", "members" } });
        var e = await Assert.ThrowsAsync<Grpc.Core.RpcException>(() => call.ResponseStream.MoveNext(default));
        Assert.Equal((Grpc.Core.StatusCode.Aborted, Reason), (e.StatusCode, e.Status.Detail));
    }

    [Theory]
    [InlineData("seed.example:9110", true, "10.0.0.2:9110", null)]
    [InlineData("127.0.0.1:9111", false, "127.0.0.1:9110", null)]
    [InlineData("127.0.0.1:9111", false, "[::1]:9110", null)]
    [InlineData("127.0.0.1:9111", true, "10.0.0.2:9110", null)]
    [InlineData("127.0.0.1:9111", false, "10.0.0.2:9110", "without TLS nothing is asked off this machine")]
    [InlineData("car.example:9110", true, "127.0.0.1:9110", "a host elsewhere does not lead to this machine's own ports")]
    [InlineData("car.example:9110", true, "localhost:9110", "a host elsewhere does not lead to this machine's own ports")]
    [InlineData("car.example:9110", true, "car.example:9110", "that is the host that was asked")]
    [InlineData("car.example:9110", true, "http://evil.example/", "is no HOST:PORT")]
    [InlineData("car.example:9110", true, "evil.example", "is no HOST:PORT")]
    public void A_referral_leads_only_where_the_operator_may_be_led(string from, bool tls, string host, string? problem)
    {
        var (hosts, problems) = ReferralRules.Read(HostAddress.Parse(from)!, tls, new Referral([host], []));
        Assert.Equal(problem is null ? $"{HostAddress.Parse(host)}" : "", string.Join(' ', hosts));
        if (problem is null)
            Assert.Empty(problems);
        else
            Assert.Contains(problem, Assert.Single(problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--yes")]
    [InlineData("-x")]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("\u001b[2J")]
    [InlineData("V-1", "V-2")]
    public void Words_that_are_no_single_id_are_not_added(params string[] added) =>
        Assert.Throws<PbmException>(() => ReferralRules.Read(HostAddress.Default, true, new Referral(["10.0.0.2:9110"], [.. added])));

    [Fact]
    public void On_the_wire_it_is_bounded_and_what_is_none_is_no_referral()
    {
        var referral = new Referral([.. Enumerable.Range(0, 20).Select(i => $"seed-{i}:9110"), new string('x', 1000)], ["V-1"]);
        var read = WireForm.ReferralFromWire(referral.ToWire())!;
        Assert.Equal((OperationsLimits.Referrals, "seed-0:9110", "V-1"), (read.Hosts.Length, read.Hosts[0], Assert.Single(read.Added)));
        Assert.Null(WireForm.ReferralFromWire([0xff, 0xff]));
        Assert.Null(WireForm.ReferralFromWire(new Referral([new string('x', 1000)], []).ToWire()));
        Assert.Null(WireForm.ReferralFromWire([]));
    }

    private async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] words)
    {
        var terminal = new FakeTerminal();
        var exitCode = await PbmProgram.RunAsync([Host, .. words], terminal).WaitAsync(TimeSpan.FromSeconds(60));
        return (exitCode, terminal.Written.ToString(), terminal.Errors.ToString().ReplaceLineEndings("\n"));
    }

    private async Task<(int ExitCode, string Output)> OutputAsync(params string[] words)
    {
        var (exitCode, output, _) = await RunAsync(words);
        return (exitCode, output);
    }

    /// <summary>Has the garage's commands, and answers none of them.</summary>
    private sealed class ReferringHandler : ICommandHandler
    {
        public CommandPalette Palette => GarageHandler.Definition;

        public Referral Referral { get; set; } = new([], []);

        public IAsyncEnumerable<CommandOutput> RunAsync(CommandCall call, CancellationToken cancellation) =>
            throw new CommandReferredException(Reason, Referral);
    }
}
