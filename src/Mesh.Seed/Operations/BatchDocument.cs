using System.Text.Json.Nodes;
using Mesh.Messages.Control;

namespace Mesh.Seed.Operations;

/// <summary>A batch as its record has it, and how fast it got on.</summary>
internal static class BatchDocument
{
    public static JsonObject Of(BatchEntry batch, int units, DateTimeOffset wall)
    {
        var pace = BatchPace.Of(batch, wall);
        return new JsonObject
        {
            ["batch"] = batch.Id,
            ["status"] = Words.Of(batch.Status),
            ["model"] = ModelOf(batch),
            ["endpoint"] = batch.Request.Endpoint,
            ["input_file"] = batch.Request.InputFileId,
            ["output_file"] = batch.OutputFileId,
            ["error_file"] = batch.ErrorFileId,
            ["total"] = batch.Total,
            ["completed"] = batch.Completed,
            ["failed"] = batch.Failed,
            ["units_out"] = units,
            ["created_at"] = Words.Time(batch.Times.CreatedAt),
            ["in_progress_at"] = Words.Time(batch.Times.InProgressAt),
            ["expires_at"] = Words.Time(batch.Times.ExpiresAt),
            ["ended_at"] = Words.Time(EndOf(batch.Times)),
            ["lines_per_s"] = Words.Number(pace.LinesPerSecond, 2),
            ["remaining_s"] = Words.Seconds(pace.Remaining),
            ["expected_end"] = Words.Time(pace.Remaining is { } left ? wall + left : null),
            ["faults"] = Words.Of(batch.Faults.Take(20).Select(fault => fault.Line is { } line ? $"line {line}: {fault.Message}" : fault.Message)),
        };
    }

    /// <summary>As its endpoint names it: <c>/v2/models/NAME[/versions/VERSION]/infer</c>.</summary>
    public static string ModelOf(BatchEntry batch)
    {
        var parts = batch.Request.Endpoint.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts switch
        {
            ["v2", "models", var name, "versions", var version, ..] => $"{name}/{version}",
            ["v2", "models", var name, ..] => name,
            _ => batch.Request.Endpoint,
        };
    }

    public static DateTimeOffset? EndOf(BatchTimes times) => times.CompletedAt ?? times.FailedAt ?? times.ExpiredAt ?? times.CancelledAt;
}

/// <summary>How fast a batch has got on since its lines were counted.</summary>
/// <param name="LinesPerSecond">On average, until now or its end; null before its first outcome.</param>
/// <param name="Remaining">At that pace; null where there is none, or it is not in progress.</param>
internal readonly record struct BatchPace(double? LinesPerSecond, TimeSpan? Remaining)
{
    public static BatchPace Of(BatchEntry batch, DateTimeOffset wall)
    {
        var done = batch.Completed + batch.Failed;
        if (batch.Times.InProgressAt is not { } began || done == 0)
            return default;
        var seconds = Math.Max(0.001, ((BatchDocument.EndOf(batch.Times) ?? batch.Times.FinalizingAt ?? wall) - began).TotalSeconds);
        var pace = done / seconds;
        return new BatchPace(pace, batch.Status == BatchStatus.InProgress ? TimeSpan.FromSeconds((batch.Total - done) / pace) : null);
    }
}
