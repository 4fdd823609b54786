using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Mesh.Messages;
using Mesh.Operations;
using Mesh.Seed.Routing.Queries;

namespace Mesh.Seed.Operations;

/// <summary><c>mesh vehicles | vehicle | models</c>, and a vehicle's explanation.</summary>
internal sealed class VehicleCommands(RegionDesk desk)
{
    private static readonly ImmutableArray<string> Columns =
    [
        "vehicle", "state", "place", "latitude", "longitude", "device_class", "session", "threads", "running", "queued", "credits", "round_trip_ms",
        "models", "answered", "failed", "lost", "leaves_in_s",
    ];

    public async IAsyncEnumerable<CommandOutput> ListAsync(CommandCall call, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var near = NearOf(call);
        var query = new FindVehicles(MeshCommands.LimitOf(call))
        {
            Near = near,
            Loaded = call.Find("model") is { } model ? desk.ArtifactsOf(model) : null,
            Condition = call.Find("state") is { } state ? ConditionOf(state) : null,
        };
        var found = await desk.AskAsync(query, cancellation);
        yield return new CommandOutput.Table(near is null ? Columns : Columns.Add("distance_km"));
        var models = desk.Models;
        foreach (var vehicle in found)
        {
            var row = VehicleDocument.Row(vehicle, models);
            yield return new CommandOutput.Row(near is null ? row : row.Add(Words.Number(vehicle.DistanceKm, 1)));
        }
    }

    public async IAsyncEnumerable<CommandOutput> ModelsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var copies = await desk.AskAsync(new CountCopies(), cancellation);
        yield return new CommandOutput.Table(
            ["model", "version", "state", "reason", "size_bytes", "publisher", "sha256", "loaded_on", "max_batch_size"]);
        foreach (var version in desk.Models.Versions)
        {
            var reference = version.Model?.Reference;
            yield return CommandOutput.RowOf(
                JsonValue.Create(version.Name),
                JsonValue.Create(version.Version),
                JsonValue.Create(version.State.ToString()),
                Words.Text(version.Reason),
                reference is null ? null : JsonValue.Create(reference.Size),
                Words.Text(reference?.Publisher),
                Words.Text(reference?.Hash.Hex[..12]),
                reference is null ? null : JsonValue.Create(copies.GetValueOrDefault(reference.Hash)),
                reference?.Batching is { } batching ? JsonValue.Create(batching.MaxBatchSize) : null);
        }
    }

    public async Task<JsonObject> DescribeAsync(string text, CancellationToken cancellation)
    {
        var found = await FindAsync(text, null, cancellation);
        return found.View is { } view ? VehicleDocument.Of(view, found.Reasons, desk.Models, desk.Time.GetUtcNow()) : throw Unknown(text, found.Near);
    }

    /// <summary>Document null = there is no such vehicle.</summary>
    public async Task<(JsonObject? Document, ImmutableArray<VehicleId> Near)> ExplainAsync(string text, string? model, CancellationToken cancellation)
    {
        if (!VehicleId.TryParse(text, out _))
            return (null, []);
        var found = await FindAsync(text, model is null ? null : desk.ModelOf(model), cancellation);
        return (found.View is { } view ? VehicleDocument.Explain(view, found.Reasons, desk.Time.GetUtcNow()) : null, found.Near);
    }

    private Task<VehicleFindings> FindAsync(string text, ModelReference? model, CancellationToken cancellation) =>
        VehicleId.TryParse(text, out var id)
            ? desk.AskAsync(new GetVehicle(id, model), cancellation)
            : throw new CommandFailedException($"'{text}' is no vehicle's id: 1 to 64 letters, digits, '-', '_' or '.'");

    public static CommandFailedException Unknown(string text, IReadOnlyCollection<VehicleId> near) => new(
        $"this seed knows no vehicle '{text}'" + (near.Count > 0 ? $"; did you mean {string.Join(" or ", near)}?" : ": 'mesh vehicles' lists them"));

    private static GeoPoint? NearOf(CommandCall call)
    {
        if (call.Find("near") is not { } text)
            return null;
        return GeoPoint.TryParse(text, out var point)
            ? point
            : throw new CommandFailedException($"--near must be LATITUDE,LONGITUDE in degrees, e.g. 50.11,8.68, not '{text}'");
    }

    private static VehicleCondition ConditionOf(string state) =>
        Enum.GetValues<VehicleCondition>().Where(condition => Words.Of(condition) == state).Cast<VehicleCondition?>().FirstOrDefault()
        ?? throw new CommandFailedException($"--state must be one of {string.Join(", ", Enum.GetValues<VehicleCondition>().Select(Words.Of))}, not '{state}'");
}
