using System.Collections.Immutable;

namespace Mesh.Operations.Palettes;

/// <summary>
/// What there is to ask about a region and to steer in it. Seeds and vehicles serve the same commands, so that help and completion
/// are the same everywhere: what one of them cannot know it answers with whom to ask. The fields: docs/explain.md.
/// </summary>
public static class MeshPalette
{
    /// <summary>Rows of a table, unless it is asked for others.</summary>
    public const int DefaultLimit = 200;
    public const int MaxLimit = 1000;

    /// <summary>Of vehicles, as a seed sees them.</summary>
    public static readonly ImmutableArray<string> States =
        ["serving", "busy", "resting", "batch_only", "draining", "drained", "unreachable", "away"];

    /// <summary>A model may have to be fetched first, and all vehicles of a region are not commanded at once.</summary>
    private static readonly TimeSpan ModelLimit = TimeSpan.FromMinutes(10);

    private static readonly CommandArgument Limit = Option("limit", $"rows at most, 1 to {MaxLimit}") with { Default = $"{DefaultLimit}" };

    private static readonly CommandArgument Model = Option("model", "a model's name, or NAME/VERSION") with { Completes = [ValueKinds.Model] };

    private static readonly CommandArgument All = new("all", ArgumentKind.Switch, "those that ended, too");

    public static CommandPalette OfSeed { get; } = Of(
        "The region: its vehicles, models, requests and batches, and why each is as it is", isSeed: true);

    /// <summary>A vehicle need not be told which vehicle is meant.</summary>
    public static CommandPalette OfVehicle { get; } = Of(
        "This vehicle: whether it works and why not, its telemetry and its usage; seeds answer what is about the region", isSeed: false);

    private static CommandPalette Of(string description, bool isSeed) => new(
        "mesh", description, [.. AboutVehicles(isSeed), .. AboutModels, .. AboutWork, .. AboutThisVehicle]);

    private static ImmutableArray<CommandDefinition> AboutVehicles(bool isSeed) =>
    [
        new("explain", "Why a vehicle gets no work, a request went where it went, or a batch waits")
        {
            Arguments = [Positional("what", "a vehicle's id, a request's name or its client's id, or a batch's id", isSeed) with { Completes = [ValueKinds.Vehicle, ValueKinds.Batch] }, Model],
        },
        new("vehicle", "All that is known of one vehicle") { Arguments = [Vehicle(isSeed)] },
        new("vehicles", "The vehicles that a seed knows")
        {
            Arguments =
            [
                Option("near", "LATITUDE,LONGITUDE in degrees: the nearest first"),
                Model,
                Option("state", "only vehicles in this state") with { Choices = States },
                Limit,
            ],
        },
        new("drain", "Lets a vehicle finish what it has and gives it no more work until it is resumed, or the time is over")
        {
            Arguments = [Vehicle(isSeed), Option("for", "how long, e.g. 30m or 2h, at most 7 days") with { Default = "24h" }],
            Changes = true,
        },
        new("resume", "Lets a drained vehicle work again") { Arguments = [Vehicle(isSeed)], Changes = true },
    ];

    private static ImmutableArray<CommandDefinition> AboutModels =>
    [
        new("models", "The models of the region's repository, and on how many vehicles each is loaded"),
        new("load", "Loads a model on one vehicle, or on all that are connected to the seed")
        {
            Arguments = [Positional("model", "a model's name, or NAME/VERSION", isRequired: true) with { Completes = [ValueKinds.Model] }, Vehicle(isRequired: false)],
            Changes = true,
            Limit = ModelLimit,
        },
        new("unload", "Releases a model's memory on one vehicle, or on all that are connected to the seed; the next request loads it again")
        {
            Arguments =
            [
                Positional("model", "a model's name for all of its versions, NAME/VERSION, or sha256:PREFIX", isRequired: true) with { Completes = [ValueKinds.Model] },
                Vehicle(isRequired: false),
            ],
            Changes = true,
            Limit = ModelLimit,
        },
    ];

    private static ImmutableArray<CommandDefinition> AboutWork =>
    [
        new("requests", "The requests under way at a seed") { Arguments = [All, Limit] },
        new("batches", "The region's batches") { Arguments = [All, Limit] },
        new("batch", "All that is on record of one batch") { Arguments = [Positional("batch", "a batch's id, batch_…", isRequired: true) with { Completes = [ValueKinds.Batch] }] },
        new("router", "The settings and the state of a seed's router, and of the region's job router"),
        new("stats", "Requests at a seed: in all, and over the last 10 seconds"),
    ];

    private static ImmutableArray<CommandDefinition> AboutThisVehicle =>
    [
        new("telemetry", "At a vehicle: its signals as they are known now; with --telemetry manual they can be set, for drills")
        {
            Arguments =
            [
                Positional("signal", "a VSS path, e.g. Vehicle.Speed; or 'lost' (nothing is heard any more) or 'restore'", isRequired: false) with { Completes = [ValueKinds.Signal] },
                // It may be where the vehicle is.
                Positional("value", "the signal's new value; 'unknown' = it has none", isRequired: false) with { IsSecret = true },
            ],
            Changes = true,
            ChangesWith = "signal",
        },
        new("usage", "At a vehicle: what it used today, and the owner's caps"),
    ];

    private static CommandArgument Option(string name, string description) => new(name, ArgumentKind.Option, description);

    private static CommandArgument Positional(string name, string description, bool isRequired) =>
        new(name, ArgumentKind.Positional, description) { IsRequired = isRequired };

    private static CommandArgument Vehicle(bool isRequired) => Positional("vehicle", "a vehicle's id", isRequired) with { Completes = [ValueKinds.Vehicle] };
}
