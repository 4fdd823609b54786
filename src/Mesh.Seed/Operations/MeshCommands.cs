using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Mesh.Operations;
using Mesh.Operations.Palettes;

namespace Mesh.Seed.Operations;

/// <summary>Answers the palette <c>mesh</c> of a seed. Reads cost a message to the Dispatcher or the JobRouter, and never wait for traffic.</summary>
internal sealed class MeshCommands(
    VehicleCommands vehicles, RequestCommands requests, BatchCommands batches, RouterCommands router, SteeringCommands steering, MeshValues values)
    : ICommandHandler, ICompletionSource
{
    public CommandPalette Palette => MeshPalette.OfSeed;

    public IAsyncEnumerable<CommandOutput> RunAsync(CommandCall call, CancellationToken cancellation) => call.Command switch
    {
        "vehicles" => vehicles.ListAsync(call, cancellation),
        "vehicle" => One(vehicles.DescribeAsync(call["vehicle"], cancellation), cancellation),
        "models" => vehicles.ModelsAsync(cancellation),
        "requests" => requests.ListAsync(call, cancellation),
        "batches" => batches.ListAsync(call, cancellation),
        "batch" => One(batches.DescribeAsync(call["batch"], cancellation), cancellation),
        "router" => One(router.DescribeAsync(cancellation), cancellation),
        "stats" => One(router.CountAsync(cancellation), cancellation),
        "explain" => One(ExplainAsync(call["what"], call.Find("model"), cancellation), cancellation),
        "load" or "unload" => steering.ModelAsync(call, cancellation),
        "drain" or "resume" => steering.VehicleAsync(call, cancellation),
        "telemetry" or "usage" => throw new CommandFailedException("only the vehicle itself knows that: ask its own pbm port (--pbm-port)"),
        var other => throw new CommandFailedException($"'mesh' has no command '{other}'"),
    };

    public Task<IEnumerable<string>> CompleteAsync(SoughtValue sought, CancellationToken cancellation) => values.CompleteAsync(sought, cancellation);

    /// <exception cref="CommandFailedException">Not a number that it may be.</exception>
    public static int LimitOf(CommandCall call)
    {
        var text = call.Find("limit") ?? $"{MeshPalette.DefaultLimit}";
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= MeshPalette.MaxLimit
            ? limit
            : throw new CommandFailedException($"--limit must be a whole number from 1 to {MeshPalette.MaxLimit}, not '{text}'");
    }

    /// <summary>What a word names: first what looks like nothing else, then a vehicle, then the id that a client gave its request.</summary>
    private async Task<JsonObject> ExplainAsync(string what, string? model, CancellationToken cancellation)
    {
        if (what.StartsWith("batch_", StringComparison.Ordinal))
            return await batches.ExplainAsync(what, cancellation);
        var (vehicle, near) = await vehicles.ExplainAsync(what, model, cancellation);
        return vehicle ?? await requests.ExplainAsync(what, near, cancellation);
    }

    private static async IAsyncEnumerable<CommandOutput> One(Task<JsonObject> document, [EnumeratorCancellation] CancellationToken cancellation)
    {
        yield return new CommandOutput.Document(await document.WaitAsync(cancellation));
    }
}
