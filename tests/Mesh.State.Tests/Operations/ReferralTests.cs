using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Mesh.Hosting.Operations;
using Mesh.Messages;
using Mesh.Operations;
using Mesh.Operations.Grammar;
using Mesh.Operations.Palettes;
using Mesh.Operations.Wire;
using Mesh.Pbm;
using Mesh.Pbm.Connection;
using Mesh.Pbm.Running;
using Mesh.Testing.Operations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Referral = Mesh.Operations.Referral;

namespace Mesh.State.Tests.Operations;

/// <summary>A host that refers commands to others, and the client that goes there.</summary>
public sealed class ReferralTests : IAsyncLifetime, IDisposable
{
    private const string Reason = "a seed knows that: ask there";

    private readonly TemporaryFolder _folder = new();
    private readonly ReferringHandler _handler = new(MeshPalette.OfVehicle);
    private readonly ReferringHandler _log = new(LogPalette.Palette);
    private readonly RegionHandler _region = new(MeshPalette.OfSeed);
    private OperationsServer _seed = null!;
    private IHost _referring = null!;

    private string Host => $"127.0.0.1:{_referring.Services.GetRequiredService<OperationsHost>().Port}";

    private string Seed => $"127.0.0.1:{_seed.Port}";

    public async Task InitializeAsync()
    {
        _seed = await OperationsServer.StartAsync(_folder.File("seed"), handler: _region);
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton<ICommandHandler>(_handler).AddSingleton<ICommandHandler>(_log)
            .AddOperations(new OperationsSettings { Port = 0 }, "mesh-referring", _folder.File("referring"));
        _referring = builder.Build();
        await _referring.StartAsync();
        _handler.Referral = new Referral([Seed], []);
    }

    public async Task DisposeAsync()
    {
        await _referring.StopAsync();
        await ((IAsyncDisposable)_referring).DisposeAsync();
        await _seed.DisposeAsync();
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_answer_is_the_other_hosts_and_standard_error_says_whose()
    {
        var (exitCode, output, errors) = await RunAsync("mesh", "vehicles");
        Assert.Equal((0, "vehicles: all\n"), (exitCode, output));
        Assert.Equal($"(seed {Seed} answers: mesh vehicles)\n", errors);
        (_, output, _) = await RunAsync("mesh", "explain", "V-1", "--json");
        Assert.Equal("explain: V-1", (string?)JsonNode.Parse(output)!["message"]);
    }

    [Fact]
    public async Task Words_are_the_operators_own_and_what_is_added_stands_behind_them()
    {
        _handler.Referral = _handler.Referral with { Added = ["V-1"] };
        // What is wrong there the other host says itself.
        var (exitCode, output, errors) = await RunAsync("mesh", "explain", "V-2");
        Assert.Equal((2, ""), (exitCode, output));
        Assert.StartsWith($"(seed {Seed} answers: mesh explain V-2 V-1)\npbm: 'V-1' is one value too many", errors, StringComparison.Ordinal);
        Assert.Equal((0, "load: V-1\n"), await OutputAsync("mesh", "load", "fashion_cnn"));
        Assert.Equal(("fashion_cnn", "V-1"), (Assert.Single(_region.Calls)["model"], _region.Calls[0]["vehicle"]));
    }

    /// <summary>One that refers what it could answer may mean another vehicle by that, or a new value where there was a question.</summary>
    [Theory]
    [InlineData("refers 'log' to another host, and pbm follows that for the palette 'mesh' only", "critical", "log", "level")]
    [InlineData("refers 'log' to another host, and pbm follows that for the palette 'mesh' only", "", "log", "level")]
    [InlineData("words that pbm does not take from it", "V-9", "mesh", "drain")]
    [InlineData("words that pbm does not take from it", "V-9", "mesh", "resume")]
    [InlineData("words that pbm does not take from it", "V-9", "mesh", "vehicle")]
    [InlineData("words that pbm does not take from it", "Vehicle.Speed", "mesh", "telemetry")]
    [InlineData("names no vehicle", "", "mesh", "unload", "fashion_cnn")]
    public async Task A_referral_makes_no_other_command_of_the_operators(string problem, string added, params string[] words)
    {
        _log.Referral = _handler.Referral = _handler.Referral with { Added = added.Length > 0 ? [added] : [] };
        var (exitCode, output, errors) = await RunAsync(words);
        Assert.Equal((3, ""), (exitCode, output));
        Assert.Contains(problem, errors, StringComparison.Ordinal);
        Assert.Empty(_region.Calls);
    }

    /// <summary>A car's own palettes may have let the operator's words pass.</summary>
    [Theory]
    [InlineData("'V-9', which it adds, would change something", "V-9", "mesh", "load", "fashion_cnn")]
    [InlineData("'V-9', which it adds, would mean something else than its id", "V-9", "mesh", "unload")]
    [InlineData("'V-9', which it adds, would mean something else than its id", "V-9", "mesh", "explain", "V-1", "--model")]
    [InlineData(null, "V-9", "mesh", "explain")]
    [InlineData(null, "V-9", "mesh", "explain", "--model", "fashion_cnn")]
    [InlineData(null, "V-9", "mesh", "explain", "V-1")]
    [InlineData(null, "", "mesh", "drain")]
    public void Words_are_read_by_the_palettes_of_the_other_host(string? problem, string added, params string[] words)
    {
        // A seed where 'load' looks unless it is told a vehicle.
        CommandPalette[] palettes = [MeshPalette.OfSeed with { Commands = [.. MeshPalette.OfSeed.Commands.Select(command => command.Name == "load" ? command with { ChangesWith = "vehicle" } : command)] }];
        AssertMeaning(problem, added, words, palettes);
    }

    /// <summary>A car may lead an operator to another car, where a vehicle need not be named.</summary>
    [Theory]
    [InlineData("names no vehicle", "mesh", "drain")]
    [InlineData("names no vehicle", "mesh", "telemetry", "Vehicle.Speed", "0")]
    [InlineData(null, "mesh", "telemetry")]
    [InlineData(null, "mesh", "drain", "V-1")]
    public void What_changes_something_is_not_led_to_another_vehicle(string? problem, params string[] words) =>
        AssertMeaning(problem, "", words, [MeshPalette.OfVehicle]);

    [Fact]
    public void Secrets_are_not_told_on_standard_error()
    {
        ImmutableArray<string> words = ["mesh", "telemetry", "Vehicle.Speed", "1234"];
        var command = Assert.IsType<CommandReading.Command>(CommandGrammar.Read(words, [MeshPalette.OfVehicle]));
        Assert.Equal("(seed 127.0.0.1:9110 answers: mesh telemetry Vehicle.Speed ***)", Telling.Answering(command, words, HostAddress.Default, []));
    }

    [Fact]
    public async Task What_changes_something_is_audited_as_referred_here_and_as_run_there()
    {
        Assert.Equal((0, "drain: V-1\n"), await OutputAsync("mesh", "drain", "V-1"));
        Assert.Equal(["begun", "referred"], Outcomes("referring"));
        Assert.Equal(["begun", "done"], Outcomes("seed"));

        IEnumerable<string?> Outcomes(string host) =>
            File.ReadLines(Path.Combine(_folder.File(host), "audit.jsonl")).Select(line => (string?)JsonNode.Parse(line)!["outcome"]);
    }

    [Fact]
    public async Task Of_several_hosts_the_first_that_lets_us_answers()
    {
        _handler.Referral = new Referral(["nonsense", "127.0.0.1:1", Host, Seed], []);
        var (exitCode, _, errors) = await RunAsync("mesh", "vehicles");
        Assert.Equal((0, $"(seed {Seed} answers: mesh vehicles)\n"), (exitCode, errors));
    }

    [Fact]
    public async Task Where_none_can_be_asked_each_one_says_why()
    {
        _handler.Referral = new Referral(["nonsense", "127.0.0.1:1", Host, "seed.example:9110"], []);
        var (exitCode, output, errors) = await RunAsync("mesh", "vehicles");
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
        var other = new ReferringHandler(MeshPalette.OfVehicle) { Referral = new Referral([Seed], []) };
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton<ICommandHandler>(other).AddOperations(new OperationsSettings { Port = 0 }, "mesh-referring", _folder.File("other"));
        using var second = builder.Build();
        await second.StartAsync();
        var address = $"127.0.0.1:{second.Services.GetRequiredService<OperationsHost>().Port}";
        _handler.Referral = new Referral([address], []);
        Assert.Equal((1, "", $"(seed {address} answers: mesh vehicles)\npbm: {Reason}\n"), await RunAsync("mesh", "vehicles"));
        Assert.Empty(_region.Calls);
        await second.StopAsync();
        await ((IAsyncDisposable)second).DisposeAsync();
    }

    [Fact]
    public async Task Scripts_and_watches_follow_as_well()
    {
        var script = new FakeTerminal { In = new StringReader("mesh drain V-1\nmesh drain V-2\n") };
        Assert.Equal(0, await PbmProgram.RunAsync([Host], script).WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Equal("drain: V-1\ndrain: V-2\n", script.Written.ToString());

        var watch = new FakeTerminal();
        var run = PbmProgram.RunAsync([Host, "mesh", "vehicles", "--watch", "0.1"], watch);
        await watch.Written.SeenAsync("vehicles");
        await watch.Written.SeenAsync("vehicles", watch.Written.ToString().Length);
        watch.Interrupt();
        Assert.Equal(0, await run.WaitAsync(TimeSpan.FromSeconds(60)));
        // Once: it is the same one each time.
        Assert.Equal($"(seed {Seed} answers: mesh vehicles)\n", watch.Errors.ToString());

        var live = new FakeTerminal { IsOutTerminal = true, Width = 200, Variables = new() { ["NO_COLOR"] = "1" } };
        run = PbmProgram.RunAsync([Host, "mesh", "vehicles", "--watch", "0.1"], live);
        await live.Written.SeenAsync($"Ctrl-C ends it  (seed {Seed} answers: mesh vehicles)");
        live.Interrupt();
        Assert.Equal((0, ""), (await run.WaitAsync(TimeSpan.FromSeconds(60)), live.Errors.ToString()));
    }

    [Fact]
    public async Task The_operators_token_goes_along_and_the_gate_there_decides()
    {
        var tokens = _folder.Write("tokens", $"bert {OperatorGateTests.Hash("t0ken")}\n");
        await using var gated = await OperationsServer.StartAsync(
            _folder.File("gated"), new OperationsSettings { Port = 0, Tokens = tokens }, handler: _region);
        _handler.Referral = new Referral([$"127.0.0.1:{gated.Port}"], []);
        Assert.Equal(3, (await RunAsync("mesh", "drain", "V-1")).ExitCode);
        Assert.Empty(_region.Calls);
        var terminal = new FakeTerminal { Variables = new() { ["PBM_TOKEN"] = "t0ken" } };
        Assert.Equal(0, await PbmProgram.RunAsync([Host, "mesh", "drain", "V-1"], terminal));
        Assert.Equal("bert", Assert.Single(_region.Calls).Operator);
    }

    /// <summary>As an older pbm does, which knows no trailer.</summary>
    [Fact]
    public async Task Who_does_not_know_referrals_gets_an_error_that_says_whom_to_ask()
    {
        using var channel = Grpc.Net.Client.GrpcChannel.ForAddress(
            $"http://{Host}", new Grpc.Net.Client.GrpcChannelOptions { HttpHandler = new SocketsHttpHandler { UseProxy = false } });
        using var call = new Mesh.Operations.Wire.Operations.OperationsClient(channel).Run(new RunRequest { Words = { "mesh", "vehicles" } });
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
    [InlineData("car.example:9110", true, "LOCALHOST:9110", "a host elsewhere does not lead to this machine's own ports")]
    [InlineData("car.example:9110", true, "localhost.:9110", "a host elsewhere does not lead to this machine's own ports")]
    [InlineData("car.example:9110", true, "x.Localhost:9110", "a host elsewhere does not lead to this machine's own ports")]
    [InlineData("car.example:9110", true, "\uff4cocalhost:9110", "is no HOST:PORT")]
    [InlineData("car.example:9110", true, "127.1:9110", "a host elsewhere does not lead to this machine's own ports")]
    [InlineData("car.example:9110", true, "2130706433:9110", "a host elsewhere does not lead to this machine's own ports")]
    [InlineData("car.example:9110", true, "0.0.0.0:9110", "a host elsewhere does not lead to this machine's own ports")]
    [InlineData("car.example:9110", true, "[::]:9110", "a host elsewhere does not lead to this machine's own ports")]
    [InlineData("car.example:9110", true, "[::1%1]:9110", "a host elsewhere does not lead to this machine's own ports")]
    [InlineData("car.example:9110", true, "[::ffff:127.0.0.1]:9110", "a host elsewhere does not lead to this machine's own ports")]
    [InlineData("car.example:9110", true, "[::ffff:127.0.0.2]:9110", "a host elsewhere does not lead to this machine's own ports")]
    [InlineData("car.example:9110", true, "[::ffff:0.0.0.0]:9110", "a host elsewhere does not lead to this machine's own ports")]
    [InlineData("car.example:9110", true, "notlocalhost:9110", null)]
    [InlineData("car.example:9110", true, "localhost.example:9110", null)]
    [InlineData("127.0.0.1:9111", false, "LOCALHOST:9110", "without TLS nothing is asked off this machine")]
    [InlineData("127.0.0.1:9111", false, "0.0.0.0:9110", "without TLS nothing is asked off this machine")]
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
        Assert.Throws<PbmException>(() => ReferralRules.CheckWords(HostAddress.Default, ["mesh", "explain"], [.. added]));

    /// <summary>See <see cref="VehicleId"/>.</summary>
    [Theory]
    [InlineData("_v")]
    [InlineData(".v")]
    [InlineData("1-a_b.C")]
    public void Every_vehicles_id_is_added_that_is_no_option(string added) =>
        ReferralRules.CheckWords(HostAddress.Default, ["mesh", "explain"], [new VehicleId(added).Value]);

    private static void AssertMeaning(string? problem, string added, string[] words, CommandPalette[] palettes)
    {
        var thrown = Record.Exception(() => ReferralRules.CheckMeaning(HostAddress.Default, [.. words], added.Length > 0 ? [added] : [], palettes));
        if (problem is null)
            Assert.Null(thrown);
        else
            Assert.Contains(problem, Assert.IsType<PbmException>(thrown).Message, StringComparison.Ordinal);
    }

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

    /// <summary>Tells which command it was told.</summary>
    private sealed class RegionHandler(CommandPalette palette) : ICommandHandler
    {
        public CommandPalette Palette => palette;

        public List<CommandCall> Calls { get; } = [];

        public async IAsyncEnumerable<CommandOutput> RunAsync(CommandCall call, [EnumeratorCancellation] CancellationToken cancellation)
        {
            lock (Calls)
                Calls.Add(call);
            yield return new CommandOutput.Line($"{call.Command}: {call.Find("vehicle") ?? call.Find("what") ?? "all"}");
            await Task.CompletedTask;
        }
    }

    /// <summary>Answers none of its commands.</summary>
    private sealed class ReferringHandler(CommandPalette palette) : ICommandHandler
    {
        public CommandPalette Palette => palette;

        public Referral Referral { get; set; } = new([], []);

        public IAsyncEnumerable<CommandOutput> RunAsync(CommandCall call, CancellationToken cancellation) =>
            throw new CommandReferredException(Reason, Referral);
    }
}
