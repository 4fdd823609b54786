using System.Net;
using Mesh.Messages;
using Mesh.Node.Operations;
using Mesh.Operations;
using Mesh.Operations.Grammar;
using Mesh.Operations.Palettes;
using Mesh.Seed.Operations;
using Mesh.Seed.Routing.Queries;

namespace Mesh.State.Tests.Operations;

/// <summary>The palette 'mesh' at seeds and at vehicles.</summary>
public sealed class MeshPaletteTests
{
    private static readonly VehicleId Self = new("V-1");

    private static readonly DnsEndPoint[] Seeds = [new("seed-a.example", 4053), new("seed-b.example", 4053), new("seed-a.example", 4054)];

    [Fact]
    public void Both_serve_the_same_commands()
    {
        Assert.Empty(PaletteRules.Problems([MeshPalette.OfSeed]));
        Assert.Empty(PaletteRules.Problems([MeshPalette.OfVehicle]));
        Assert.Equal(
            MeshPalette.OfSeed.Commands.Select(command => $"{command.Name} {string.Join(' ', command.Arguments.Select(argument => argument.Name))}"),
            MeshPalette.OfVehicle.Commands.Select(command => $"{command.Name} {string.Join(' ', command.Arguments.Select(argument => argument.Name))}"));
    }

    [Fact]
    public void The_states_are_those_that_a_seed_tells() =>
        Assert.Equal(Enum.GetValues<VehicleCondition>().Select(Words.Of).Order(), MeshPalette.States.Order());

    [Theory]
    [InlineData("mesh explain")]
    [InlineData("mesh explain V-1")]
    [InlineData("mesh vehicle V-1")]
    [InlineData("mesh drain V-1 --for 2h")]
    [InlineData("mesh drain")]
    [InlineData("mesh resume V-1")]
    [InlineData("mesh telemetry Vehicle.Speed 3")]
    [InlineData("mesh usage")]
    public void A_vehicle_answers_what_is_about_itself_whether_it_is_named_or_not(string line) => Assert.Null(Problem(line));

    [Theory]
    [InlineData("mesh explain V-2", "this is V-1; ask a seed about others: pbm seed-a.example:9110 mesh explain … or pbm seed-b.example:9110 mesh explain …")]
    [InlineData("mesh drain V-2", "this is V-1; ask a seed about others: pbm seed-a.example:9110 mesh drain … or pbm seed-b.example:9110 mesh drain …")]
    [InlineData("mesh vehicle v-1", "this is V-1; ")]
    [InlineData("mesh explain V-1 --model m", "a seed knows that: ")]
    [InlineData("mesh vehicles", "a seed knows that: pbm seed-a.example:9110 mesh vehicles … or pbm seed-b.example:9110 mesh vehicles …")]
    [InlineData("mesh models", "a seed knows that: ")]
    [InlineData("mesh load m", "a seed knows that: ")]
    [InlineData("mesh unload m V-1", "a seed knows that: ")]
    [InlineData("mesh requests --all", "a seed knows that: ")]
    [InlineData("mesh batches", "a seed knows that: ")]
    [InlineData("mesh batch batch_1", "a seed knows that: ")]
    [InlineData("mesh router", "a seed knows that: ")]
    [InlineData("mesh stats", "a seed knows that: ")]
    public void For_the_rest_it_says_whom_to_ask(string line, string problem) => Assert.StartsWith(problem, Problem(line), StringComparison.Ordinal);

    /// <summary>What names no vehicle, asked at a vehicle, is about that one.</summary>
    [Theory]
    [InlineData("mesh vehicles --limit 3", "")]
    [InlineData("mesh stats", "")]
    [InlineData("mesh drain V-2", "")]
    [InlineData("mesh explain request-7", "")]
    [InlineData("mesh load m", "V-1")]
    [InlineData("mesh load m V-2", "")]
    [InlineData("mesh unload m/1", "V-1")]
    [InlineData("mesh explain --model m", "V-1")]
    [InlineData("mesh explain V-1 --model m", "")]
    public void Seeds_that_told_their_operators_port_are_referred_to(string line, string added)
    {
        var referred = Assert.IsType<CommandReferredException>(Refusal(line, "127.0.0.1:9110", "10.0.0.2:9111"));
        Assert.Equal("127.0.0.1:9110 10.0.0.2:9111", string.Join(' ', referred.Referral.Hosts));
        Assert.Equal(added, string.Join(' ', referred.Referral.Added));
        Assert.EndsWith($": pbm 127.0.0.1:9110 mesh {line.Split(' ')[1]} … or pbm 10.0.0.2:9111 mesh {line.Split(' ')[1]} …", referred.Message, StringComparison.Ordinal);
    }

    /// <summary>The words with what is added are the same command at a seed.</summary>
    [Fact]
    public void A_seed_reads_what_was_added_as_the_vehicle()
    {
        foreach (var line in new[] { "mesh load m", "mesh unload m", "mesh explain --model m" })
        {
            var added = Assert.IsType<CommandReferredException>(Refusal(line, "127.0.0.1:9110")).Referral.Added;
            var read = Assert.IsType<CommandReading.Command>(CommandGrammar.Read([.. line.Split(' '), .. added], [MeshPalette.OfSeed]));
            Assert.Equal("V-1", read.By("ann").Find(line.Contains("explain", StringComparison.Ordinal) ? "what" : "vehicle"));
        }
    }

    [Fact]
    public void A_vehicle_offers_itself_and_its_signals()
    {
        Assert.Equal(["V-1"], VehicleWords.Values(ValueKinds.Vehicle, Self));
        Assert.Contains("Vehicle.Speed", VehicleWords.Values(ValueKinds.Signal, Self));
        Assert.Empty(VehicleWords.Values(ValueKinds.Batch, Self));
    }

    private static string? Problem(string line)
    {
        var refusal = Refusal(line);
        Assert.True(refusal is null or CommandFailedException);
        return refusal?.Message;
    }

    private static Exception? Refusal(string line, params string[] operators)
    {
        var command = Assert.IsType<CommandReading.Command>(CommandGrammar.Read([.. line.Split(' ')], [MeshPalette.OfVehicle]));
        return VehicleWords.Refusal(command.By("ann"), Self, operators, Seeds);
    }
}
