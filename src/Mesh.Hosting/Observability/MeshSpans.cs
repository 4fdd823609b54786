using System.Diagnostics;
using Mesh.Messages;

namespace Mesh.Hosting.Observability;

/// <summary>
/// The mesh's spans: <c>mesh.route</c> for a request, within it a <c>mesh.attempt</c> for each dispatch, within that what the
/// vehicle spent. What a batch causes (<c>mesh.batch.unit</c>, <c>mesh.batch.finish</c>) is in traces of its own. A seed and a vehicle have sources of their own, since either may export. Without a listener nothing is made.
/// </summary>
public static class MeshSpans
{
    public const string SeedSourceName = "Mesh";

    public const string VehicleSourceName = "Mesh.Vehicle";

    public const string Route = "mesh.route";

    public const string Attempt = "mesh.attempt";

    /// <summary>A batch's lines at one vehicle, from the lease on.</summary>
    public const string BatchUnit = "mesh.batch.unit";

    /// <summary>A batch's end, from its last line's outcome on.</summary>
    public const string BatchFinish = "mesh.batch.finish";

    /// <summary>Waiting on the vehicle.</summary>
    public const string Queue = "mesh.vehicle.queue";

    /// <summary>Fetching and loading the model there.</summary>
    public const string Load = "mesh.vehicle.load";

    /// <summary>The run.</summary>
    public const string Infer = "mesh.vehicle.infer";

    /// <summary>OpenTelemetry's name of a failure's class, on metrics and spans alike; present only where something failed.</summary>
    public const string ErrorType = "error.type";

    public static ActivitySource Seed { get; } = new(SeedSourceName);

    public static ActivitySource Vehicle { get; } = new(VehicleSourceName);

    /// <summary>A span that is not the current one of whoever goes on here, e.g. an actor; null when nobody records it.</summary>
    public static Activity? StartAside(this ActivitySource source, string name, ActivityKind kind, ActivityContext parent, DateTimeOffset start = default)
    {
        var current = Activity.Current;
        var span = source.StartActivity(name, kind, parent, startTime: start);
        if (span is not null)
            Activity.Current = current;
        return span;
    }

    /// <summary>
    /// A span of a trace of its own, linked to what caused it; null when nobody records it. For what outlives its cause by
    /// hours: as its child it would keep that trace open. Ended by <see cref="StopAside"/>.
    /// </summary>
    public static Activity? StartLinked(this ActivitySource source, string name, ActivityKind kind, ActivityContext cause, DateTimeOffset start)
    {
        var current = Activity.Current;
        // It would be the parent.
        Activity.Current = null;
        var span = source.StartActivity(name, kind, parentContext: default, links: [new ActivityLink(cause)], startTime: start);
        Activity.Current = current;
        return span;
    }

    /// <summary>The span failed.</summary>
    /// <param name="type">The failure's class, one of few.</param>
    public static void SetError(this Activity span, string type) => span.SetTag(ErrorType, type).SetStatus(ActivityStatusCode.Error, type);

    /// <summary>Ends a span of <see cref="StartAside"/>.</summary>
    public static void StopAside(this Activity span)
    {
        var current = Activity.Current;
        span.Stop();
        Activity.Current = current;
    }

    /// <summary>Spans of what an attempt spent on its vehicle, made when it is over: the waiting, the loading, the run.</summary>
    /// <param name="end">When the run ended.</param>
    public static void OfVehicle(ActivitySource source, ActivityContext attempt, DateTimeOffset end, AttemptTimings timings)
    {
        var start = end - timings.Queue - timings.Infer;
        Write(Queue, start, timings.Queue - timings.Load);
        if (timings.Load > TimeSpan.Zero)
            Write(Load, start + timings.Queue - timings.Load, timings.Load);
        if (timings.Infer > TimeSpan.Zero)
            Write(Infer, start + timings.Queue, timings.Infer);

        void Write(string name, DateTimeOffset from, TimeSpan took)
        {
            if (source.StartAside(name, ActivityKind.Internal, attempt, from) is not { } span)
                return;
            span.SetEndTime((from + took).UtcDateTime);
            span.StopAside();
        }
    }
}
