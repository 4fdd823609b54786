using System.Collections.Immutable;
using System.Runtime.CompilerServices;
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

    private readonly VehicleSteering _steering = new(
        (message, limit, cancellation) => desk.Node.InferenceActors.Ask<IMeshMessage>(message, limit, cancellation), desk.Time);

    public async IAsyncEnumerable<CommandOutput> ModelAsync(CommandCall call, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var order = call.Command == "load" ? LoadOf(call["model"]) : await UnloadOfAsync(call["model"], cancellation);
        var vehicles = call.Find("vehicle") is { } one ? [await ConnectedAsync(one, cancellation)] : await AllAsync(cancellation);
        await foreach (var output in _steering.RunAsync(vehicles, order, cancellation))
            yield return output;
    }

    public async IAsyncEnumerable<CommandOutput> VehicleAsync(CommandCall call, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var vehicle = await ConnectedAsync(call["vehicle"], cancellation);
        var order = call.Command == "drain" ? DrainOf(call) : new SteeringOrder("resume", "resumed", CommandLimit, (id, until) => [new ResumeVehicle(id, until)]);
        await foreach (var output in _steering.RunAsync([vehicle], order, cancellation))
            yield return output;
    }

    private SteeringOrder LoadOf(string text)
    {
        var model = desk.ModelOf(text);
        return new SteeringOrder("load it", "loaded", LoadLimit, (id, until) => [new LoadModel(id, model, until)]);
    }

    /// <summary>All versions of a bare name: which of them a vehicle holds, it knows best.</summary>
    private async Task<SteeringOrder> UnloadOfAsync(string text, CancellationToken cancellation)
    {
        ImmutableArray<ArtifactHash> hashes = LoadedHash.IsOne(text)
            ? [LoadedHash.Find(text, (await desk.AskAsync(new CountCopies(), cancellation)).Keys)]
            : [.. desk.ArtifactsOf(text)];
        return hashes.Length > 0
            ? new SteeringOrder("unload it", "unloaded", CommandLimit, (id, until) => [.. hashes.Select(hash => new UnloadModel(id, hash, until))])
            : throw new CommandFailedException(
                $"no version of {text} is READY, so that its hash is not known here: give sha256:PREFIX as 'mesh vehicle ID' shows it among its models");
    }

    private static SteeringOrder DrainOf(CommandCall call)
    {
        var span = SpanOf(call.Find("for"));
        return new SteeringOrder("drain", "draining", CommandLimit, (id, until) => [new DrainVehicle(id, until, span, call.Operator)]);
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

    private async Task<IReadOnlyCollection<VehicleId>> AllAsync(CancellationToken cancellation)
    {
        var connected = await desk.AskAsync(new ListConnected(), cancellation);
        return connected.Length > 0 ? connected : throw new CommandFailedException("no vehicle is connected to this seed");
    }

    private static TimeSpan SpanOf(string? text) =>
        SettingParsers.Duration(text ?? "24h") is { } span && span > TimeSpan.Zero && span <= LongestDrain
            ? span
            : throw new CommandFailedException($"--for must be a duration such as 30m or 2h, above 0 and at most 7 days, not '{text}'");
}
