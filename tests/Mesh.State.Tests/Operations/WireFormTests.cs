using System.Text.Json.Nodes;
using Mesh.Operations;
using Mesh.Operations.Wire;
using Mesh.Testing.Operations;

namespace Mesh.State.Tests.Operations;

public sealed class WireFormTests
{
    [Fact]
    public void A_palette_comes_back_as_it_was()
    {
        var back = Palette.Parser.ParseFrom(Google.Protobuf.MessageExtensions.ToByteArray(GarageHandler.Definition.ToWire())).FromWire();
        Assert.Equal(Describe(GarageHandler.Definition), Describe(back));

        static string Describe(CommandPalette palette) => string.Join('\n', palette.Commands.Select(command =>
            $"{palette.Name} {palette.Description} {command with { Arguments = [] }} "
            + string.Join(';', command.Arguments.Select(argument => $"{argument with { Choices = [] }} {string.Join(',', argument.Choices)} {string.Join(',', argument.Completes)}"))));
    }

    [Fact]
    public void Values_come_back_as_they_were()
    {
        var row = CommandOutput.RowOf("text \"quoted\"\n", 12345678901234567890UL, 0.1, true, null, -1);
        var back = Assert.IsType<CommandOutput.Row>(row.ToWire().FromWire());
        Assert.Equal(row.Cells.Select(cell => cell?.ToJsonString()), back.Cells.Select(cell => cell?.ToJsonString()));
    }

    [Fact]
    public void What_is_too_large_is_cut_or_refused()
    {
        var line = Assert.IsType<CommandOutput.Line>(new CommandOutput.Line(new string('x', 100_000)).ToWire().FromWire());
        Assert.Equal((OperationsLimits.TextLength, '…'), (line.Text.Length, line.Text[^1]));
        Assert.Throws<FormatException>(() => CommandOutput.RowOf([.. Enumerable.Repeat((JsonNode)"x", 65)]).ToWire());
        Assert.Throws<FormatException>(() => new CommandOutput.Document(new JsonObject { ["x"] = new string('x', 1_100_000) }).ToWire());
    }

    [Theory]
    [InlineData("{\"a\":")]
    [InlineData("[1]")]
    public void A_document_that_is_no_object_is_refused(string json) =>
        Assert.Throws<FormatException>(() => new Output { Document = json }.FromWire());

    [Fact]
    public void A_document_that_is_too_deep_is_refused() =>
        Assert.Throws<FormatException>(() => new Output
        {
            Document = string.Concat(Enumerable.Repeat("{\"a\":", 40)) + "1" + new string('}', 40),
        }.FromWire());

    [Fact]
    public void A_piece_of_a_newer_host_is_skipped() => Assert.Null(new Output().FromWire());
}
