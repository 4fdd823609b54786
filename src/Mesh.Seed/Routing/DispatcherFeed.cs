using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Messages.Work;
using Mesh.Seed.Routing.History;
using Mesh.Seed.WorkStreams;
using OwnerConsent = Mesh.Messages.OwnerConsent;

namespace Mesh.Seed.Routing;

/// <summary>Turns what happens on the work streams into commands for the Dispatcher; outputs go to the request table instead.</summary>
/// <param name="time">Null = the system's.</param>
public sealed class DispatcherFeed(RequestTable table, TimeProvider? time = null) : IWorkStreamListener
{
    /// <summary>A departure announced for later than in a year is as good as none.</summary>
    private const ulong MaxLeavesInMs = 365UL * 24 * 3600 * 1000;

    /// <summary>Names that one vehicle's consent may list; further ones are as good as not said.</summary>
    private const int MaxConsentNames = 256;

    /// <summary>Characters of an attempt's error.</summary>
    private const int MaxError = 1000;

    private volatile Action<object>? _dispatcher;

    /// <summary>The same about vehicles, for the JobRouter.</summary>
    public FleetFacts Facts { get; } = new(time);

    public void Attach(Action<object> dispatcher) => _dispatcher = dispatcher;

    public void Opened(WorkStreamConnection stream, VehicleStatus status)
    {
        var opened = Opening(stream, LoadOf(status, stream.Denials));
        Tell(opened with { Load = opened.Load.ForInteractive });
        Facts.Opened(opened with { Load = opened.Load.ForBatch });
    }

    public void StatusChanged(WorkStreamConnection stream, VehicleStatus status)
    {
        var changed = new LoadChanged(new StreamId(stream.Id), LoadOf(status, stream.Denials));
        Tell(changed with { Load = changed.Load.ForInteractive });
        Facts.Changed(changed with { Load = changed.Load.ForBatch });
    }

    public void RoundTripMeasured(WorkStreamConnection stream, TimeSpan roundTrip)
    {
        var measured = new RoundTripMeasured(new StreamId(stream.Id), roundTrip);
        Tell(measured);
        Facts.Measured(measured);
    }

    public void ResultArrived(WorkStreamConnection stream, WorkResult result)
    {
        var attempt = new AttemptId(result.Attempt);
        if (result.Status == AttemptStatus.AttemptOk)
            table.HoldOutputs(attempt, new StreamId(stream.Id), result.Outputs.FromWire());
        Tell(new AttemptReported(attempt, new StreamId(stream.Id), (AttemptOutcome)result.Status, Bounded(result.Error), result.Timings())
        {
            Traced = result.Traced,
        });
    }

    /// <summary>It outlives its request, for operators who ask (<see cref="History.RouterHistory"/>).</summary>
    private static string Bounded(string error) => error.Length <= MaxError ? error : error[..MaxError] + "…";

    public void Closed(WorkStreamConnection stream, DepartureKind kind)
    {
        var gone = new StreamGone(new StreamId(stream.Id), kind) { Farewell = stream.Farewell };
        Tell(gone);
        Facts.Gone(gone);
    }

    private void Tell(object command) => _dispatcher?.Invoke(command);

    internal static StreamOpened Opening(WorkStreamConnection stream, VehicleLoad load)
    {
        var session = stream.Session;
        return new StreamOpened(new StreamId(stream.Id), session.Vehicle, session.Epoch, session.Member, session.Place, load)
        {
            DeviceClass = session.DeviceClass,
            MemoryBytes = session.MemoryBytes,
            ParkedFor = session.ParkedFor,
        };
    }

    internal static VehicleLoad LoadOf(VehicleStatus status, ToldDenials? denials = null) => new(
        (int)status.Credits,
        (int)status.Threads,
        (int)Math.Min(status.Queued, int.MaxValue),
        status.Draining,
        status.Loaded.Where(model => model.Sha256.Length == 32).Select(model => ArtifactHash.FromBytes(model.Sha256.Span)).ToHashSet())
    {
        LeavesIn = status.LeavesInMs == 0 ? null : TimeSpan.FromMilliseconds(Math.Min(status.LeavesInMs, MaxLeavesInMs)),
        IsHeld = status.Held,
        IsLeaving = status.Draining,
        Denials = denials,
        Consent = status.Consent is { } consent ? ToConsent(consent) : OwnerConsent.Everything,
    };

    private static OwnerConsent ToConsent(Messages.Work.OwnerConsent consent) => new(consent.Interactive, consent.Batch)
    {
        Models = consent.AnyModel ? null : new ConsentedModels(
            [.. consent.Models.Take(MaxConsentNames)], [.. consent.Publishers.Take(MaxConsentNames)]),
    };
}

/// <summary>A stream ended, and how: <see cref="StreamClosed"/> for the router, the kind for the vehicle's record.</summary>
public sealed record StreamGone(StreamId Stream, DepartureKind Kind)
{
    public Farewell Farewell { get; init; } = Farewell.None;
}
