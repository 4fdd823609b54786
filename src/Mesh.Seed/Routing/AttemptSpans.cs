using System.Diagnostics;
using Mesh.Hosting.Observability;
using Mesh.Messages;

namespace Mesh.Seed.Routing;

/// <summary>
/// The Dispatcher's spans: one for each attempt that is out and whose request is traced. What the vehicle spent becomes spans
/// here, of the times that it told, unless it exports its own; its clock plays no part in them.
/// </summary>
internal sealed class AttemptSpans(TimeProvider time)
{
    private readonly Dictionary<AttemptId, Activity> _open = [];

    /// <param name="request">Where the request is traced; default = nowhere.</param>
    /// <returns>For the vehicle; default = not traced.</returns>
    public ActivityContext Started(AttemptId attempt, VehicleId vehicle, bool hedge, ActivityContext request)
    {
        if (request == default || MeshSpans.Seed.StartAside(MeshSpans.Attempt, ActivityKind.Client, request) is not { } span)
            return default;
        span.SetTag("mesh.attempt.number", attempt.Number);
        span.SetTag("mesh.attempt.hedge", hedge);
        span.SetTag("mesh.vehicle.id", vehicle.Value);
        _open[attempt] = span;
        return span.Recorded ? span.Context : default;
    }

    /// <param name="end">Null = its request was closed without it.</param>
    /// <param name="timings">On the vehicle; default = nothing is known of them, or the vehicle tells them itself.</param>
    public void Ended(AttemptId attempt, AttemptEnd? end, AttemptTimings timings = default)
    {
        if (!_open.Remove(attempt, out var span))
            return;
        span.SetTag("mesh.attempt.end", EndLabels.Of(end));
        if (EndLabels.ErrorOf(end) is { } error)
            span.SetError(error);
        var now = time.GetUtcNow();
        span.SetEndTime(now.UtcDateTime);
        if (timings.Queue + timings.Infer > TimeSpan.Zero)
        {
            // The way there and the way back are not told apart: half each.
            var network = now - span.StartTimeUtc - timings.Queue - timings.Infer;
            MeshSpans.OfVehicle(MeshSpans.Seed, span.Context, now - (network > TimeSpan.Zero ? network / 2 : TimeSpan.Zero), timings);
        }

        span.StopAside();
    }

    /// <summary>Nobody will hear of these attempts any more.</summary>
    public void LoseAll()
    {
        foreach (var attempt in _open.Keys.ToList())
            Ended(attempt, AttemptEnd.Lost);
    }
}
