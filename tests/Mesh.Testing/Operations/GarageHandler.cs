using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Mesh.Operations;

namespace Mesh.Testing.Operations;

/// <summary>A palette with a command of each kind, for tests of what serves and shows commands.</summary>
public sealed class GarageHandler : ICommandHandler, ICompletionSource
{
    private readonly Channel<string> _events = Channel.CreateBounded<string>(100);

    public static CommandPalette Definition { get; } = new("garage", "A garage of sample cars.",
    [
        new CommandDefinition("show", "Lists the cars.")
        {
            Arguments =
            [
                new("state", ArgumentKind.Option, "a car's state") { Choices = ["parked", "away"] },
                new("all", ArgumentKind.Switch, "also sold cars"),
                new("limit", ArgumentKind.Option, "how many, a number") { Default = "100" },
            ],
        },
        new CommandDefinition("members", "Lists members as they are."),
        new CommandDefinition("explain", "Tells all about a car.")
        {
            Arguments =
            [
                new("car", ArgumentKind.Positional, "a car's name") { IsRequired = true, Completes = ["car"] },
                new("like", ArgumentKind.Option, "another car's name") { Completes = ["car"] },
            ],
        },
        new CommandDefinition("open", "Opens a door.")
        {
            Arguments =
            [
                new("door", ArgumentKind.Positional, "which door") { IsRequired = true, Choices = ["front", "rear"] },
                new("pin", ArgumentKind.Option, "the door's PIN") { IsSecret = true },
            ],
            Changes = true,
        },
        new CommandDefinition("light", "The light, or a new one.")
        {
            Arguments = [new("new", ArgumentKind.Positional, "the light from now on") { Choices = ["on", "off"] }],
            Changes = true,
            ChangesWith = "new",
        },
        new CommandDefinition("crush", "Crushes a car.")
        {
            Arguments = [new("car", ArgumentKind.Positional, "a car's name") { IsRequired = true }],
            Changes = true,
            IsDestructive = true,
        },
        new CommandDefinition("tail", "Tells what happens.") { IsEndless = true },
        new CommandDefinition("wait", "Never answers."),
        new CommandDefinition("fail", "Cannot be done.") { Changes = true },
        new CommandDefinition("break", "Has a mistake."),
        new CommandDefinition("flood", "Answers many rows.") { Arguments = [new("rows", ArgumentKind.Positional, "how many, a number") { IsRequired = true }] },
        new CommandDefinition("ambush", "Answers what a terminal would obey."),
    ]);

    public CommandPalette Palette => Definition;

    public List<CommandCall> Calls { get; } = [];

    /// <summary>What there is for completion.</summary>
    public Func<CancellationToken, Task<IEnumerable<string>>> Cars { get; set; } = _ => Task.FromResult<IEnumerable<string>>(["V-002", "V-001", "akka.tcp://mesh@127.0.0.1:4053"]);

    public Task<IEnumerable<string>> CompleteAsync(SoughtValue sought, CancellationToken cancellation) => Cars(cancellation);

    /// <summary>Completes when an answer to "wait" or "tail" has begun, and gives its cancellation.</summary>
    public TaskCompletionSource<CancellationToken> Waiting { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Happen(string text) => _events.Writer.TryWrite(text);

    public async IAsyncEnumerable<CommandOutput> RunAsync(CommandCall call, [EnumeratorCancellation] CancellationToken cancellation)
    {
        lock (Calls)
            Calls.Add(call);
        switch (call.Command)
        {
            case "show":
                yield return new CommandOutput.Table(["car", "state", "speed_kmh", "charge_percent", "is_sold", "note"]);
                yield return CommandOutput.RowOf("V-001", "parked", 0, 81.5, false, null);
                if (call.Find("state") != "parked")
                    yield return CommandOutput.RowOf("V-002", "away", 112, 9, call.Has("all"), "on a long journey to the sea, with the whole family, two dogs and a tent");
                break;
            case "members":
                yield return new CommandOutput.Table(["address", "roles", "status", "reason", "version"]) { IsBare = true };
                yield return CommandOutput.RowOf("akka.tcp://mesh@127.0.0.1:4053", "[seed]", "up", null, "1.0.0");
                yield return new CommandOutput.Line("Count: 1 nodes");
                break;
            case "explain":
                yield return new CommandOutput.Document(Explanation(call["car"]));
                break;
            case "open" or "crush":
                yield return new CommandOutput.Line($"{call.Command}: {call.Find("door") ?? call.Find("car")}");
                break;
            case "light":
                yield return new CommandOutput.Line($"light: {call.Find("new") ?? "on"}");
                break;
            case "tail":
                yield return new CommandOutput.Table(["event", "number"]);
                yield return CommandOutput.RowOf("begun", 0);
                Waiting.TrySetResult(cancellation);
                var number = 1;
                await foreach (var text in _events.Reader.ReadAllAsync(cancellation))
                    yield return CommandOutput.RowOf(text, number++);
                break;
            case "wait":
                Waiting.TrySetResult(cancellation);
                await Task.Delay(Timeout.Infinite, cancellation);
                break;
            case "fail":
                yield return new CommandOutput.Line("tries");
                throw new CommandFailedException("the garage is closed: come back tomorrow");
            case "break":
                throw new InvalidOperationException("secret detail");
            case "flood":
                yield return new CommandOutput.Table(["number", "text"]);
                for (var i = 0; i < int.Parse(call["rows"], System.Globalization.CultureInfo.InvariantCulture); i++)
                    yield return CommandOutput.RowOf(i, "a row");
                break;
            case "ambush":
                yield return new CommandOutput.Line("\e]0;owned\a\e[2Jhello\r\nworld");
                break;
        }
    }

    private static JsonObject Explanation(string car) => new()
    {
        ["vehicle"] = car,
        ["eligible"] = false,
        ["reasons"] = new JsonArray(
            new JsonObject { ["rule"] = "charge", ["value_percent"] = 9, ["threshold_percent"] = 30, ["age_s"] = 1.5 },
            new JsonObject { ["rule"] = "parked", ["value_percent"] = null, ["threshold_percent"] = 0, ["age_s"] = 12 }),
        ["place"] = new JsonObject { ["cell"] = "u0y", ["models"] = new JsonArray("fashion_cnn", "blazeface") },
        ["history"] = new JsonArray(new JsonObject { ["at"] = "10:00", ["attempts"] = new JsonArray() }),
    };
}
