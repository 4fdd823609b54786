using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Mesh.Operations;
using Mesh.Seed.Dashboard;
using static Mesh.Operations.CommandOutput;

namespace Mesh.State.Tests.Dashboard;

public sealed class ReadOnlyCommandsTests
{
    private static readonly CommandDefinition Vehicles = new("vehicles", "Lists.");

    [Fact]
    public async Task An_answer_is_tables_documents_and_lines()
    {
        var commands = new ScriptedCommands().Serve(
            Vehicles,
            new Table(["vehicle", "round_trip_ms"]), RowOf(JsonValue.Create("V-1"), JsonValue.Create(2.5)), RowOf(JsonValue.Create("V-2"), null),
            new Document(new JsonObject { ["a"] = 1 }),
            new Line("Count: 2 nodes"));
        Assert.Equal(
            """{"tables":[{"columns":["vehicle","round_trip_ms"],"rows":[["V-1",2.5],["V-2",null]],"omitted":0}],"documents":[{"a":1}],"lines":["Count: 2 nodes"]}""",
            await commands.Reader().AskAsync(new Question("mesh vehicles"), default));
    }

    [Fact]
    public async Task Defaults_are_filled_in_and_options_that_the_command_lacks_left_out()
    {
        var commands = new ScriptedCommands().Serve(new CommandDefinition("explain", "Explains.")
        {
            Arguments =
            [
                new CommandArgument("limit", ArgumentKind.Option, "a number") { Default = "10" },
                new CommandArgument("all", ArgumentKind.Switch, "no value"),
                new CommandArgument("subject", ArgumentKind.Positional, "an id") { IsRequired = true },
            ],
        });
        await commands.Reader().AskAsync(
            new Question("mesh explain") { Subject = "V-1", Options = ImmutableDictionary<string, string>.Empty.Add("all", "true").Add("unknown", "5") }, default);
        var call = Assert.Single(commands.Calls);
        Assert.Equal(("explain", "web page"), (call.Command, call.Operator));
        Assert.Equal(new Dictionary<string, string> { ["limit"] = "10", ["all"] = "true", ["subject"] = "V-1" }, call.Arguments);
    }

    /// <summary>Whatever asks for it: the web must not be able to change anything.</summary>
    [Theory]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(false, false, true)]
    public async Task What_does_more_than_look_is_never_run(bool changes, bool isDestructive, bool isEndless)
    {
        var commands = new ScriptedCommands().Serve(
            new CommandDefinition("vehicles", "Does.") { Changes = changes, IsDestructive = isDestructive, IsEndless = isEndless });
        AssertError("'mesh vehicles' is not one that only looks: use pbm", await commands.Reader().AskAsync(new Question("mesh vehicles"), default));
        Assert.Empty(commands.Calls);
    }

    [Theory]
    [InlineData("mesh nothing")]
    [InlineData("cluster vehicles")]
    public async Task What_is_not_there_is_an_error(string words)
    {
        var commands = new ScriptedCommands().Serve(Vehicles);
        AssertError($"this seed has no command '{words}'", await commands.Reader().AskAsync(new Question(words), default));
    }

    [Fact]
    public async Task A_failure_is_told_and_a_fault_only_named()
    {
        var commands = new ScriptedCommands()
            .Serve(Vehicles, (_, _) => throw new CommandFailedException("the journal does not answer"))
            .Serve(new CommandDefinition("stats", "Tells."), (_, _) => throw new InvalidOperationException("secret"));
        AssertError("the journal does not answer", await commands.Reader().AskAsync(new Question("mesh vehicles"), default));
        AssertError("'mesh stats' failed; the seed's log says why", await commands.Reader().AskAsync(new Question("mesh stats"), default));
    }

    [Fact]
    public async Task An_answer_that_is_too_large_is_an_error()
    {
        var commands = new ScriptedCommands().Serve(Vehicles, new Document(new JsonObject { ["text"] = new string('x', 5 << 20) }));
        Assert.Contains("too many for this page: use pbm", await commands.Reader().AskAsync(new Question("mesh vehicles"), default), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_hangs_is_given_up()
    {
        var commands = new ScriptedCommands().Serve(Vehicles, (_, cancellation) => ScriptedCommands.Hang(cancellation));
        var reader = commands.Reader(new DashboardOptions("here", "127.0.0.1", 1) { CommandLimit = TimeSpan.FromMilliseconds(20) });
        AssertError("'mesh vehicles' did not answer within 0 s", await reader.AskAsync(new Question("mesh vehicles"), default));
    }

    [Fact]
    public async Task Whoever_asks_and_leaves_is_no_failure()
    {
        var commands = new ScriptedCommands().Serve(Vehicles, (_, cancellation) => ScriptedCommands.Hang(cancellation));
        using var leaving = new CancellationTokenSource();
        var asked = commands.Reader().AskAsync(new Question("mesh vehicles"), leaving.Token);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
    }

    [Fact]
    public async Task Rows_beyond_the_bound_are_counted_and_summed_up()
    {
        var rows = Enumerable.Range(0, 5).Select(i => RowOf(
            JsonValue.Create($"V-{i}"), JsonValue.Create(i < 2 ? "away" : "serving"), JsonValue.Create(i == 4 ? "u33db" : "u0yjj"), JsonValue.Create(50m + i), JsonValue.Create(8)));
        var commands = new ScriptedCommands().Serve(Vehicles, [new Table(["vehicle", "state", "place", "latitude", "longitude"]), .. rows]);
        var answer = JsonNode.Parse(await commands.Reader(new DashboardOptions("here", "127.0.0.1", 1) { MaxRows = 2 })
            .AskAsync(new Question("mesh vehicles") { Summarize = () => new PlaceSummary(10) }, default))!;
        Assert.Equal((2, 3), (answer["tables"]![0]!["rows"]!.AsArray().Count, (int)answer["tables"]![0]!["omitted"]!));
        Assert.Equal(
            """[{"place":"u0yjj","latitude":51.5,"longitude":8,"states":{"away":2,"serving":2}},{"place":"u33db","latitude":54,"longitude":8,"states":{"serving":1}}]""",
            answer["places"]!.ToJsonString());
    }

    [Fact]
    public async Task Too_many_places_become_larger_ones()
    {
        var rows = Enumerable.Range(0, 1000).Select(i => RowOf(
            JsonValue.Create("serving"), JsonValue.Create($"u0{(char)('a' + (i % 3))}{i:000}"[..5]), JsonValue.Create(50), JsonValue.Create(8)));
        var commands = new ScriptedCommands().Serve(Vehicles, [new Table(["state", "place", "latitude", "longitude"]), .. rows]);
        var answer = JsonNode.Parse(await commands.Reader(new DashboardOptions("here", "127.0.0.1", 1) { MaxRows = 0 })
            .AskAsync(new Question("mesh vehicles") { Summarize = () => new PlaceSummary(5) }, default))!;
        var places = answer["places"]!.AsArray();
        Assert.Equal(["u0a", "u0b", "u0c"], places.Select(place => (string)place!["place"]!).Order());
        Assert.Equal(1000, places.Sum(place => (int)place!["states"]!["serving"]!));
    }

    private static void AssertError(string expected, string json) => Assert.Equal(expected, (string)JsonNode.Parse(json)!["error"]!);
}
