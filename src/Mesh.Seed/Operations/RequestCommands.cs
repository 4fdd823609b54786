using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Mesh.Hosting;
using Mesh.Messages;
using Mesh.Operations;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.Queries;

namespace Mesh.Seed.Operations;

/// <summary><c>mesh requests</c>, and a request's explanation. A request is known to the seed that took it, and to no other.</summary>
internal sealed class RequestCommands(RegionDesk desk)
{
    public async IAsyncEnumerable<CommandOutput> ListAsync(CommandCall call, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var found = await desk.AskAsync(new FindRequests(MeshCommands.LimitOf(call), call.Has("all")), cancellation);
        yield return new CommandOutput.Table(
            ["request", "model", "state", "priority", "vehicle", "attempts", "hedged", "age_ms", "deadline_in_ms", "outcome", "client_request"]);
        var seed = Uid;
        foreach (var request in found)
        {
            yield return CommandOutput.RowOf(
                JsonValue.Create(new RequestName(seed, request.Request).ToString()),
                JsonValue.Create(request.Model.ToString()),
                JsonValue.Create(request.Outcome is not null ? "ended" : request.IsWaiting ? "waiting" : "running"),
                JsonValue.Create(request.Level),
                Words.Text(request.Vehicle?.Value),
                JsonValue.Create(request.Attempts),
                JsonValue.Create(request.Hedged),
                Words.Milliseconds(request.Age),
                Words.Milliseconds(request.DeadlineIn),
                request.Outcome is { } outcome ? JsonValue.Create(Words.Of(outcome)) : null,
                Words.Text(request.ClientRequest));
        }
    }

    /// <param name="near">Vehicles whose id resembles the word.</param>
    public async Task<JsonObject> ExplainAsync(string what, ImmutableArray<VehicleId> near, CancellationToken cancellation)
    {
        var isName = RequestName.TryParse(what, out var name);
        if (isName && name.Seed != Uid)
            throw new CommandFailedException(Elsewhere(what, name));
        // A number alone may also be an id that a client gave.
        var number = isName ? name.Request
            : ulong.TryParse(what, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? new RequestId(value) : (RequestId?)null;
        var found = await desk.AskAsync(new GetRequest(isName ? number : null, what), cancellation);
        if (found.Report is null && !isName && number is not null)
            found = await desk.AskAsync(new GetRequest(number, what), cancellation);
        if (found.Report is not { } report)
            throw new CommandFailedException(isName ? Forgotten(what) : Unknown(what, near, found));
        return RequestDocument.Of(report, found, Uid, desk.Node.Self.Address, desk.Time.GetUtcNow());
    }

    private int Uid => desk.Node.Self.Uid;

    private string Elsewhere(string what, RequestName name)
    {
        var seed = desk.Node.State?.Members.FirstOrDefault(member => member.UniqueAddress.Uid == name.Seed);
        return seed is { } other && other.HasRole(MeshSystem.SeedRole)
            ? $"request {what} was taken by seed {other.Address}, and only that one knows of it: ask there"
            : $"request {what} was taken by a seed that is no member of this cluster any more, and what it knew of it went with it";
    }

    private static string Forgotten(string what) =>
        $"this seed does not know request {what} any more: it keeps the course of its last {Routing.History.RouterHistory.KeptRequests}";

    private string Unknown(string what, ImmutableArray<VehicleId> near, RequestFindings found)
    {
        var text = $"this seed knows no vehicle and no request '{what}'";
        text += near.Length > 0 ? $"; did you mean vehicle {string.Join(" or ", near)}?" : ".";
        text += $" A request is named by the answer's parameter mesh_request{(found.Last is { } last ? $", e.g. {new RequestName(Uid, last)}" : "")}, or by the id that its client gave it, at the seed that took it;"
            + " 'mesh requests --all', 'mesh vehicles' and 'mesh batches --all' list what there is";
        return text;
    }
}
