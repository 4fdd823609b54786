using System.Collections.Immutable;
using System.Text.Json;
using Mesh.Operations;
using Mesh.Seed.Routing.Queries;

namespace Mesh.Seed.Operations;

/// <summary>The palette <c>mesh</c> of a seed: what there is to ask about a region, and to steer. Its fields: docs/explain.md.</summary>
public static class MeshPalette
{
    /// <summary>Rows of a table, unless it is asked for others.</summary>
    public const int DefaultLimit = 200;
    public const int MaxLimit = 1000;

    private static readonly CommandArgument Limit = Option("limit", $"rows at most, 1 to {MaxLimit}") with { Default = $"{DefaultLimit}" };

    private static readonly CommandArgument Model = Option("model", "a model's name, or NAME/VERSION");

    private static readonly CommandArgument All = new("all", ArgumentKind.Switch, "those that ended, too");

    public static CommandPalette Palette { get; } = new(
        "mesh",
        "The region: its vehicles, models, requests and batches, and why each is as it is",
        [
            new CommandDefinition("vehicles", "The vehicles that this seed knows")
            {
                Arguments =
                [
                    Option("near", "LATITUDE,LONGITUDE in degrees: the nearest first"),
                    Model,
                    Option("state", "only vehicles in this state") with
                    {
                        Choices = [.. Enum.GetNames<VehicleCondition>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)],
                    },
                    Limit,
                ],
            },
            new CommandDefinition("vehicle", "All that this seed knows of one vehicle") { Arguments = [Vehicle(required: true)] },
            new CommandDefinition("models", "The models of the region's repository, and on how many vehicles each is loaded"),
            new CommandDefinition("load", "Loads a model on one vehicle, or on all that are connected here")
            {
                Arguments = [Named("model", "a model's name, or NAME/VERSION"), Vehicle(required: false)],
                Changes = true,
            },
            new CommandDefinition("unload", "Releases a model's memory on one vehicle, or on all that are connected here; the next request loads it again")
            {
                Arguments = [Named("model", "a model's name, or NAME/VERSION"), Vehicle(required: false)],
                Changes = true,
            },
            new CommandDefinition("drain", "Lets a vehicle finish what it has and gives it no more work until it is resumed, or the time is over")
            {
                Arguments = [Vehicle(required: true), Option("for", "how long, e.g. 30m or 2h, at most 7 days") with { Default = "24h" }],
                Changes = true,
            },
            new CommandDefinition("resume", "Lets a drained vehicle work again") { Arguments = [Vehicle(required: true)], Changes = true },
            new CommandDefinition("requests", "The requests under way at this seed") { Arguments = [All, Limit] },
            new CommandDefinition("batches", "The region's batches") { Arguments = [All, Limit] },
            new CommandDefinition("batch", "All that is on record of one batch") { Arguments = [Named("batch", "a batch's id, batch_…")] },
            new CommandDefinition("router", "The settings and the state of this seed's router, and of the region's job router"),
            new CommandDefinition("stats", "Requests at this seed: in all, and over the last 10 seconds"),
            new CommandDefinition("explain", "Why a vehicle gets no work, a request went where it went, or a batch waits")
            {
                Arguments = [Named("what", "a vehicle's id, a request's name or its client's id, or a batch's id"), Model],
            },
        ]);

    private static CommandArgument Option(string name, string description) => new(name, ArgumentKind.Option, description);

    private static CommandArgument Named(string name, string description) => new(name, ArgumentKind.Positional, description) { IsRequired = true };

    private static CommandArgument Vehicle(bool required) => new("vehicle", ArgumentKind.Positional, "a vehicle's id") { IsRequired = required };
}
