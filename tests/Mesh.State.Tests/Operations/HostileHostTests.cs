using System.Net;
using Grpc.Core;
using Mesh.Operations.Wire;
using Mesh.Pbm;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mesh.State.Tests.Operations;

/// <summary>The client at a port whose palettes are meant for the operator's terminal and shell.</summary>
public sealed class HostileHostTests : IAsyncLifetime
{
    private readonly HostileService _service = new();
    private WebApplication _app = null!;

    private string Host => new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Authority;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, port => port.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(_service);
        _app = builder.Build();
        _app.MapGrpcService<HostileService>();
        await _app.StartAsync();
    }

    public async Task DisposeAsync() => await _app.DisposeAsync();

    [Theory]
    [InlineData("$(x)", "a", "b", "c", "'$(x)' is no name")]
    [InlineData("a", "\u001b[2J", "b", "c", "'\\u001b[2J' is no name")]
    [InlineData("a", "b", "c;d", "e", "'c;d' is no name")]
    [InlineData("a", "b", "c", "`x`", "'`x`' is no plain value")]
    public async Task Words_that_a_shell_would_run_are_not_taken(string palette, string command, string argument, string choice, string problem)
    {
        _service.Palette = Palette(palette, command, argument, choice);
        foreach (var words in new string[][] { ["__complete", Host, ""], ["__complete", Host, palette, ""], ["__complete", Host, palette, command, "--x", ""] })
            Assert.Equal((0, "", ""), await RunAsync(words));
        Assert.Equal((3, "", $"pbm: {Host} has commands that pbm does not take: {problem}\n"), await RunAsync(Host, "help"));
    }

    [Fact]
    public async Task Values_that_a_shell_would_run_or_that_become_options_are_not_offered()
    {
        _service.Palette = Palette("a", "b", "c", "d");
        _service.Palette.Commands[0].Arguments.Add(new Argument { Name = "e", Completes = { "car", "$(x)" } });
        _service.Values = ["good", "$(x)", "--yes", "-x", "", "a b", "\u001b[2J", new string('x', 257), "another"];
        Assert.Equal((0, "good\t\nanother\t\n--c\t\\u001b]0;owned\\u0007\n", ""), await RunAsync("__complete", Host, "a", "b", ""));
        Assert.Equal((0, "good\t\n", ""), await RunAsync("__complete", Host, "a", "b", "g"));
        _service.Values = [.. Enumerable.Range(0, 1000).Select(i => $"x{i}")];
        Assert.Equal(101, (await RunAsync("__complete", Host, "a", "b", "")).Written.Count(c => c == '\n'));
    }

    /// <summary>A host of a version that has no values to offer.</summary>
    [Fact]
    public async Task An_old_host_completes_as_it_always_did()
    {
        _service.Palette = Palette("a", "b", "c", "d");
        _service.Palette.Commands[0].Arguments.Add(new Argument { Name = "e", Completes = { "car" } });
        Assert.Equal((0, "--c\t\\u001b]0;owned\\u0007\n", ""), await RunAsync("__complete", Host, "a", "b", ""));
    }

    [Fact]
    public async Task Texts_do_not_reach_a_terminal_as_what_it_obeys()
    {
        _service.Palette = Palette("a", "b", "c", "d");
        foreach (var words in new string[][] { ["help"], ["help", "a"], ["help", "a", "b"], ["a", "b", "--help"] })
        {
            var (exitCode, written, _) = await RunAsync([Host, .. words]);
            Assert.Equal(0, exitCode);
            Assert.Contains("\\u001b]0;owned", written, StringComparison.Ordinal);
            Assert.DoesNotContain('\e', written);
        }
    }

    private static Palette Palette(string palette, string command, string argument, string choice)
    {
        const string Text = "\u001b]0;owned\u0007";
        return new Palette
        {
            Name = palette,
            Description = Text,
            Commands =
            {
                new Command
                {
                    Name = command,
                    Description = Text,
                    Arguments = { new Argument { Name = argument, Kind = Argument.Types.Kind.Option, Description = Text, Default = Text, Choices = { choice } } },
                },
            },
        };
    }

    private static async Task<(int ExitCode, string Written, string Errors)> RunAsync(params string[] arguments)
    {
        var terminal = new FakeTerminal { Variables = new() { ["PBM_COMPLETION_SECONDS"] = "30" } };
        var exitCode = await PbmProgram.RunAsync(arguments, terminal).WaitAsync(TimeSpan.FromSeconds(60));
        return (exitCode, terminal.Written.ToString(), terminal.Errors.ToString());
    }

    private sealed class HostileService : Mesh.Operations.Wire.Operations.OperationsBase
    {
        public Palette Palette { get; set; } = new();

        /// <summary>Null = it does not know the call.</summary>
        public IReadOnlyList<string>? Values { get; set; }

        public override Task<CompleteReply> Complete(CompleteRequest request, ServerCallContext context) =>
            Values is { } values ? Task.FromResult(new CompleteReply { Values = { values } }) : base.Complete(request, context);

        public override Task<GetPalettesReply> GetPalettes(GetPalettesRequest request, ServerCallContext context) =>
            Task.FromResult(new GetPalettesReply { Host = "mesh-seed 0.1.0", Palettes = { Palette } });
    }
}
