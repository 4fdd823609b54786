using System.Diagnostics;
using Mesh.Hosting.Observability;
using Mesh.Messages;
using Mesh.Messages.Control;

namespace Mesh.Seed.Batches;

/// <summary>A unit whose lease is over.</summary>
/// <param name="Lines">That were leased.</param>
/// <param name="Answered">That the vehicle ran, or refused for what is in them.</param>
/// <param name="How">Null = all of its lines have their outcome.</param>
/// <param name="StartedAt">It was leased, or taken over from the job router before.</param>
internal readonly record struct EndedUnit(ulong Number, VehicleId Vehicle, IReadOnlyList<LineRange> Lines, int Answered, UnitEnd? How, DateTimeOffset StartedAt);

/// <summary>
/// The spans of batches, as messaging has them: a batch lives for hours and is none itself, and what works it off is in traces
/// of its own with a link to the call that asked for it. Only of batches whose call is recorded; made where they are exported.
/// </summary>
internal static class BatchSpans
{
    private const string BatchId = "mesh.batch.id";
    private const string Done = "done";

    /// <summary>The call that is being served, for a batch that it asks for; default = it is recorded nowhere.</summary>
    public static ActivityContext Cause => MeshSpans.Seed.HasListeners() && Activity.Current is { Recorded: true } call ? call.Context : default;

    /// <param name="model">Null = not known here any more.</param>
    public static void UnitEnded(ActivityContext cause, string batch, ModelReference? model, EndedUnit unit, DateTimeOffset now)
    {
        if (Start(MeshSpans.BatchUnit, ActivityKind.Consumer, cause, batch, unit.StartedAt) is not { } span)
            return;
        span.SetTag("mesh.model", model?.ToString());
        span.SetTag("mesh.vehicle.id", unit.Vehicle.Value);
        span.SetTag("mesh.batch.unit.id", (long)unit.Number);
        span.SetTag("mesh.batch.unit.lines", unit.Lines.Sum(range => range.Count));
        span.SetTag("mesh.batch.unit.answered", unit.Answered);
        span.SetTag("mesh.batch.unit.end", unit.How is { } how ? Labels.Of(how) : Done);
        // One that is handed back, or withdrawn, is nobody's failure.
        if (unit.How is UnitEnd.Lost or UnitEnd.Failed)
            span.SetError(Labels.Of(unit.How.Value));
        End(span, now);
    }

    public static void Finished(BatchEntry batch, DateTimeOffset now)
    {
        // What was found faulty, or had nothing to publish, ends at once.
        if (Start(MeshSpans.BatchFinish, ActivityKind.Internal, batch.Request.Trace, batch.Id, batch.Times.FinalizingAt ?? now) is not { } span)
            return;
        span.SetTag("mesh.batch.status", Labels.Of(batch.Status));
        span.SetTag("mesh.batch.lines.total", batch.Total);
        span.SetTag("mesh.batch.lines.completed", batch.Completed);
        span.SetTag("mesh.batch.lines.failed", batch.Failed);
        if (batch.Status is BatchStatus.Failed or BatchStatus.Expired)
            span.SetError(Labels.Of(batch.Status));
        End(span, now);
    }

    private static Activity? Start(string name, ActivityKind kind, ActivityContext cause, string batch, DateTimeOffset start)
    {
        var span = cause == default || !MeshSpans.Seed.HasListeners() ? null : MeshSpans.Seed.StartLinked(name, kind, cause, start);
        return span?.SetTag(BatchId, batch);
    }

    private static void End(Activity span, DateTimeOffset at)
    {
        span.SetEndTime(at.UtcDateTime);
        span.StopAside();
    }
}
