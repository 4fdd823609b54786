using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Akka.Actor;
using Mesh.Hosting.Settings;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Operations;
using Mesh.Seed.Routing.Queries;

namespace Mesh.Seed.Operations;

/// <summary><c>mesh load | unload | drain | resume</c>: by message to the vehicle's sharded inference actor, with an outcome for each vehicle.</summary>
internal sealed class SteeringCommands(RegionDesk desk)
{
    /// <summary>A model may have to be fetched first.</summary>
    private static readonly TimeSpan LoadLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan CommandLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestDrain = TimeSpan.FromDays(7);

    /// <summary>Vehicles that are commanded at once.</summary>
    private const int AtOnce = 16;

    public async IAsyncEnumerable<CommandOutput> ModelAsync(CommandCall call, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var model = desk.ModelOf(call["model"]);
        var vehicles = call.Find("vehicle") is { } one ? [await ConnectedAsync(one, cancellation)] : await AllAsync(cancellation);
        var load = call.Command == "load";
        yield return Table;
        foreach (var chunk in vehicles.Chunk(AtOnce))
        {
            var outcomes = chunk.Select(vehicle => load
                ? CommandAsync(vehicle, until => new LoadModel(vehicle, model, until), LoadLimit, "loaded", cancellation)
                : CommandAsync(vehicle, until => new UnloadModel(vehicle, model.Hash, until), CommandLimit, "unloaded", cancellation));
            await foreach (var outcome in Task.WhenEach(outcomes))
                yield return await outcome;
        }
    }

    public async IAsyncEnumerable<CommandOutput> VehicleAsync(CommandCall call, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var vehicle = await ConnectedAsync(call["vehicle"], cancellation);
        var span = call.Command == "drain" ? DrainOf(call.Find("for")) : default;
        yield return Table;
        yield return call.Command == "drain"
            ? await CommandAsync(vehicle, until => new DrainVehicle(vehicle, until, span, call.Operator), CommandLimit, "draining", cancellation)
            : await CommandAsync(vehicle, until => new ResumeVehicle(vehicle, until), CommandLimit, "resumed", cancellation);
    }

    private static CommandOutput.Table Table { get; } = new(["vehicle", "outcome", "detail", "took_ms"]);

    private async Task<CommandOutput.Row> CommandAsync(
        VehicleId vehicle, Func<DateTimeOffset, IVehicleMessage> command, TimeSpan limit, string done, CancellationToken cancellation)
    {
        var asked = desk.Time.GetTimestamp();
        string outcome;
        string? detail = null;
        try
        {
            var answer = await desk.Node.InferenceActors.Ask<IMeshMessage>(command(desk.Time.GetUtcNow() + limit), limit, cancellation);
            (outcome, detail) = answer switch
            {
                VehicleDone => (done, null),
                VehicleRefused refused => ("refused", refused.Reason),
                _ => ("refused", $"it answered with {answer.GetType().Name}: it runs another version"),
            };
        }
        catch (AskTimeoutException)
        {
            (outcome, detail) = ("no_answer", $"nothing was heard within {limit.TotalSeconds:0} s; the command is not valid any more, should it arrive later");
        }

        return CommandOutput.RowOf(JsonValue.Create(vehicle.Value), JsonValue.Create(outcome), Words.Text(detail), Words.Milliseconds(desk.Time.GetElapsedTime(asked)));
    }

    /// <summary>A shard keeps messages while its car is away: what is to happen now is only said to one that is there.</summary>
    private async Task<VehicleId> ConnectedAsync(string text, CancellationToken cancellation)
    {
        if (!VehicleId.TryParse(text, out var id))
            throw new CommandFailedException($"'{text}' is no vehicle's id: 1 to 64 letters, digits, '-', '_' or '.'");
        var found = await desk.AskAsync(new GetVehicle(id), cancellation);
        return found.View switch
        {
            { Connected: not null } => id,
            null => throw VehicleCommands.Unknown(text, found.Near),
            _ => throw new CommandFailedException($"vehicle {id} is away: it has no work stream to this seed now; 'mesh explain {id}' tells how it left"),
        };
    }

    private async Task<IReadOnlyList<VehicleId>> AllAsync(CancellationToken cancellation)
    {
        var found = await desk.AskAsync(new FindVehicles(MeshPalette.MaxLimit), cancellation);
        var connected = found.Where(vehicle => vehicle.Connected is not null).Select(vehicle => vehicle.Vehicle).ToList();
        return connected.Count > 0 ? connected : throw new CommandFailedException("no vehicle is connected to this seed");
    }

    private static TimeSpan DrainOf(string? text) =>
        SettingParsers.Duration(text ?? "24h") is { } span && span > TimeSpan.Zero && span <= LongestDrain
            ? span
            : throw new CommandFailedException($"--for must be a duration such as 30m or 2h, above 0 and at most 7 days, not '{text}'");
}
