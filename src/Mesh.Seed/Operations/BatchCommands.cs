using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mesh.Messages.Control;
using Mesh.Operations;

namespace Mesh.Seed.Operations;

/// <summary><c>mesh batches | batch</c>, and a batch's explanation: any seed asks the JobRouter, wherever that is.</summary>
internal sealed class BatchCommands(RegionDesk desk)
{
    /// <summary>What only an explanation has.</summary>
    private static readonly string[] Explaining = ["why", "vehicles", "vehicles_known"];

    public async IAsyncEnumerable<CommandOutput> ListAsync(CommandCall call, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var (left, activeOnly) = (MeshCommands.LimitOf(call), !call.Has("all"));
        var page = await desk.AskRouterAsync<BatchPage>(new ListBatches(null, left, activeOnly), cancellation);
        yield return new CommandOutput.Table(
            ["batch", "status", "model", "total", "completed", "failed", "units", "created_at", "expires_at", "lines_per_s", "remaining_s"]);
        while (true)
        {
            for (var i = 0; i < page.Batches.Count; i++)
                yield return Row(page.Batches[i], page.UnitsOut.ElementAtOrDefault(i));
            left -= page.Batches.Count;
            if (!page.HasMore || left <= 0 || page.Batches is not [.., var last])
                yield break;
            page = await desk.AskRouterAsync<BatchPage>(new ListBatches(last.Id, left, activeOnly), cancellation);
        }
    }

    public async Task<JsonObject> DescribeAsync(string batch, CancellationToken cancellation)
    {
        var document = await AskAsync(batch, cancellation);
        foreach (var name in Explaining)
            document.Remove(name);
        return document;
    }

    public async Task<JsonObject> ExplainAsync(string batch, CancellationToken cancellation)
    {
        var document = await AskAsync(batch, cancellation);
        document.Insert(0, "kind", "batch");
        return document;
    }

    private async Task<JsonObject> AskAsync(string batch, CancellationToken cancellation)
    {
        var answer = await desk.AskRouterAsync<BatchExplained>(new ExplainBatch(batch), cancellation);
        if (answer.Document is null)
        {
            throw new CommandFailedException(
                $"the region has no batch '{batch}'" + (answer.Near.Count > 0 ? $"; there are {string.Join(", ", answer.Near)}: 'mesh batches --all' lists them" : ", nor any other"));
        }

        var document = JsonNode.Parse(answer.Document) as JsonObject ?? throw new JsonException("an explanation must be an object");
        document["router_seed"] = answer.Seed.Address;
        document["router_term"] = answer.Term;
        return document;
    }

    private CommandOutput.Row Row(BatchEntry batch, int units)
    {
        var pace = BatchPace.Of(batch, desk.Time.GetUtcNow());
        return CommandOutput.RowOf(
            JsonValue.Create(batch.Id),
            JsonValue.Create(Words.Of(batch.Status)),
            JsonValue.Create(BatchDocument.ModelOf(batch)),
            JsonValue.Create(batch.Total),
            JsonValue.Create(batch.Completed),
            JsonValue.Create(batch.Failed),
            JsonValue.Create(units),
            Words.Time(batch.Times.CreatedAt),
            Words.Time(batch.Times.ExpiresAt),
            Words.Number(pace.LinesPerSecond, 2),
            Words.Seconds(pace.Remaining));
    }
}
