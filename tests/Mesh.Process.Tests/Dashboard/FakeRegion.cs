using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Mesh.Operations;

namespace Mesh.Process.Tests.Dashboard;

internal sealed record FakeVehicle(string Id, string State, string Place, double Latitude, double Longitude)
{
    public string DeviceClass { get; init; } = "orin-agx";

    public string Models { get; init; } = "fashion_cnn/1";

    public int Running { get; init; }

    public int Queued { get; init; }

    public double? RoundTrip { get; init; } = 12.5;

    public long Answered { get; init; }

    public int Failed { get; init; }

    public int Lost { get; init; }

    public double? LeavesIn { get; init; }
}

internal sealed record FakeBatch(string Id, string Status, int Total, int Completed, int Failed)
{
    public double? LinesPerSecond { get; init; }

    public double? Remaining { get; init; }
}

/// <summary>What the operators' commands of a region tell, in the columns of the real ones, as a test sets it.</summary>
internal sealed class FakeRegion
{
    private static readonly ImmutableArray<string> VehicleColumns =
    [
        "vehicle", "state", "place", "latitude", "longitude", "device_class", "session", "threads", "running", "queued", "credits",
        "round_trip_ms", "models", "answered", "failed", "lost", "leaves_in_s",
    ];

    private static readonly ImmutableArray<string> BatchColumns =
    [
        "batch", "status", "model", "total", "completed", "failed", "units", "created_at", "expires_at", "lines_per_s", "remaining_s",
    ];

    public IReadOnlyList<FakeVehicle> Vehicles { get; set; } = [];

    public IReadOnlyList<FakeBatch> Batches { get; set; } = [];

    public IReadOnlyList<(string Address, string Role, string Status, string Reachability)> Members { get; set; } =
        [("akka.tcp://mesh@127.0.0.1:4053", "[seed]", "up", "")];

    public JsonObject Stats { get; set; } = StatsOf(0, null, null);

    public JsonObject Router { get; set; } = new() { ["term"] = 3, ["seed"] = "127.0.0.1:4053", ["journal"] = "postgresql", ["vehicles_known"] = 12 };

    /// <summary>Of an id; null = it is not known.</summary>
    public Func<string, JsonObject?> Explanation { get; set; } = _ => null;

    /// <summary>Commands that fail, with what they say.</summary>
    public ConcurrentDictionary<string, string> Failures { get; } = new();

    public IReadOnlyList<ICommandHandler> Handlers =>
    [
        new FakePalette("mesh")
            .Serve(new CommandDefinition("vehicles", "Lists."), _ => Or("mesh vehicles", TellVehicles))
            .Serve(new CommandDefinition("batches", "Lists."), _ => Or("mesh batches", TellBatches))
            .Serve(new CommandDefinition("stats", "Tells."), _ => Or("mesh stats", () => [Document(Stats)]))
            .Serve(new CommandDefinition("router", "Tells."), _ => Or("mesh router", () => [Document(Router)]))
            .Serve(
                new CommandDefinition("explain", "Explains.")
                {
                    Arguments = [new CommandArgument("subject", ArgumentKind.Positional, "a vehicle, request or batch") { IsRequired = true }],
                },
                call => Or("mesh explain", () =>
                    [Document(Explanation(call["subject"]) ?? throw new CommandFailedException($"nothing is known of '{call["subject"]}'"))])),
        new FakePalette("cluster").Serve(new CommandDefinition("show", "Lists."), _ => Or("cluster show", TellMembers)),
    ];

    public static JsonObject StatsOf(double rate, double? p50, double? p99) => new()
    {
        ["requests_per_s"] = rate,
        ["p50_ms"] = p50,
        ["p99_ms"] = p99,
        ["active"] = 3,
        ["waiting"] = 0,
        ["answered"] = 48_213,
        ["refused"] = 12,
        ["failed"] = 0,
        ["retries"] = 31,
        ["hedges"] = 7,
        ["energy_j"] = 51_234.5,
        ["vehicles"] = new JsonObject { ["serving"] = 3, ["away"] = 2 },
    };

    private IEnumerable<CommandOutput> Or(string command, Func<IEnumerable<CommandOutput>> answer) =>
        Failures.TryGetValue(command, out var failure) ? throw new CommandFailedException(failure) : answer();

    private static CommandOutput.Document Document(JsonObject content) => new((JsonObject)content.DeepClone());

    private IEnumerable<CommandOutput> TellVehicles() =>
    [
        new CommandOutput.Table(VehicleColumns),
        .. Vehicles.Select(v => CommandOutput.RowOf(
            Cell(v.Id), Cell(v.State), Cell(v.Place), JsonValue.Create(v.Latitude), JsonValue.Create(v.Longitude), Cell(v.DeviceClass),
            JsonValue.Create(1), JsonValue.Create(4), JsonValue.Create(v.Running), JsonValue.Create(v.Queued), JsonValue.Create(16),
            JsonValue.Create(v.RoundTrip), Cell(v.Models), JsonValue.Create(v.Answered), JsonValue.Create(v.Failed), JsonValue.Create(v.Lost),
            JsonValue.Create(v.LeavesIn))),
    ];

    private IEnumerable<CommandOutput> TellBatches() =>
    [
        new CommandOutput.Table(BatchColumns),
        .. Batches.Select((b, i) => CommandOutput.RowOf(
            Cell(b.Id), Cell(b.Status), Cell("fashion_cnn"), JsonValue.Create(b.Total), JsonValue.Create(b.Completed), JsonValue.Create(b.Failed),
            JsonValue.Create(b.Status == "in_progress" ? 5 : 0), JsonValue.Create(1_795_000_000 - i), JsonValue.Create(1_795_086_400 - i),
            JsonValue.Create(b.LinesPerSecond), JsonValue.Create(b.Remaining))),
    ];

    private IEnumerable<CommandOutput> TellMembers() =>
    [
        new CommandOutput.Table(["address", "roles", "status", "reachability", "version"]) { IsBare = true },
        .. Members.Select(m => CommandOutput.RowOf(Cell(m.Address), Cell(m.Role), Cell(m.Status), Cell(m.Reachability), Cell("1.0.0"))),
        new CommandOutput.Line($"Count: {Members.Count} nodes"),
    ];

    private static JsonValue Cell(string text) => JsonValue.Create(text);
}
