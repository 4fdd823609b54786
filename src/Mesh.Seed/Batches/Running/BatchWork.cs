using Mesh.Messages.Control;
using Mesh.Messages.Work;
using Mesh.Seed.Batches.Storage;
using Mesh.Seed.Ingress;
using Mesh.Seed.Models;
using Mesh.Seed.Routing;
using Mesh.Seed.WorkStreams;

namespace Mesh.Seed.Batches.Running;

/// <summary>
/// Carries out what the JobRouter decides about batches while it is at this seed, and hears what vehicles say of their units:
/// results go to the run of their unit, those that belong to none are counted and acknowledged, so that vehicles forget them.
/// </summary>
public sealed partial class BatchWork(
    IBlobStore blobs,
    ModelRepository models,
    WorkStreamRegistry streams,
    BatchLimits limits,
    BatchSettings settings,
    IngressOptions ingress,
    BatchMetrics metrics,
    TimeProvider time,
    ILogger<BatchWork> logger) : IBatchWork, IUnitListener
{
    private readonly RunParts _parts = new(blobs, models, streams, limits, settings, ingress.DefaultTimeout, metrics, time);
    private volatile BatchOffice? _office;

    public void TakeOffice(long term, ulong lastUnit, Action<IDeskCommand> tell) => _office = new BatchOffice(term, tell) { LastUnit = lastUnit };

    public void LeaveOffice()
    {
        if (Interlocked.Exchange(ref _office, null) is not { } office)
            return;
        streams.AnnounceTerm(0);
        metrics.Left();
        office.Ending.Cancel();
        foreach (var run in office.Runs.Values)
            run.Close();
    }

    public void Changed(BatchBook book) => metrics.Changed(book);

    public void Carry(IDeskEffect effect)
    {
        var office = _office ?? throw new InvalidOperationException("The job router is not in office here.");
        switch (effect)
        {
            case OpenRun open: Open(office, open); break;
            case AdoptUnit adopt: Run(office, adopt.Batch).Adopt(adopt); break;
            case StartUnit start: Run(office, start.Batch).StartUnit(start); break;
            case EndUnit end: Offer(office, end.Batch, new UnitOver(end.Unit, end.How)); break;
            case CloseOut over: Offer(office, over.Batch, over); break;
            case ConfirmOutcomes confirm: office.Runs.GetValueOrDefault(confirm.Batch)?.Confirm(confirm.Ticket); break;
            case CloseRun close when office.Runs.TryRemove(close.Batch, out var run): run.Close(); break;
            case CloseRun: break;
            case JoinParts join: _ = JoinAsync(office, join); break;
            case AskVehicles: streams.AnnounceTerm((ulong)office.Term); break;
            case RemoveBlobs remove: _ = RemoveAsync(remove.Blobs, office.Ending.Token); break;
            default: throw new InvalidOperationException($"{effect.GetType()} is an effect that nobody carries out.");
        }
    }

    public void UnitResultsArrived(WorkStreamConnection stream, UnitResults results)
    {
        if (_office is not { } office)
            return; // The vehicle keeps them for the JobRouter, wherever it is.
        if (office.Units.TryGetValue(results.Unit, out var unit) && unit.Vehicle == stream.Session.Vehicle)
        {
            if (!unit.Run.TryOffer(new UnitArrival(unit, stream, results)))
            {
                LogFlooded(stream.Session.Vehicle);
                stream.Abort();
            }

            return;
        }

        metrics.Results(
            unit is not null ? ResultKind.Unauthorised : results.Unit is > 0 && results.Unit <= office.LastUnit ? ResultKind.Stale : ResultKind.Unknown,
            results.Results.Count);
        stream.TryAckUnit(results.Unit, [.. results.Results.Select(result => (int)result.Line)]);
    }

    public void UnitNoticed(WorkStreamConnection stream, UnitNotice notice)
    {
        if (_office is not { } office)
            return;
        if (notice.State == UnitState.UnitToldAll)
            office.Tell(new VehicleToldAll(new StreamId(stream.Id)));
        else if (office.Units.TryGetValue(notice.Unit, out var unit) && unit.Stream == stream)
            unit.Run.Post(new UnitOver(notice.Unit, UnitEnd.HandedBack));
    }

    public void StreamClosed(WorkStreamConnection stream) => _office?.Windows.TryRemove(stream.Id, out _);

    private static BatchRun Run(BatchOffice office, string batch) =>
        office.Runs.GetValueOrDefault(batch) ?? throw new InvalidOperationException($"Batch {batch} has no run.");

    private static void Offer(BatchOffice office, string batch, object item) => Run(office, batch).Post(item);

    private void Open(BatchOffice office, OpenRun open)
    {
        var run = new BatchRun(_parts, office, open);
        office.Runs[open.Batch] = run;
        run.Start();
    }

    /// <summary>Whatever goes wrong, the JobRouter hears of it and tries again.</summary>
    private async Task JoinAsync(BatchOffice office, JoinParts join)
    {
        try
        {
            var results = await PartJoin.JoinAsync(blobs, join.Results, BatchDesk.MaxParts, office.Ending.Token);
            var errors = await PartJoin.JoinAsync(blobs, join.Errors, BatchDesk.MaxParts, office.Ending.Token);
            office.Tell(new PartsJoined(join.Run, join.Batch, results, errors));
        }
#pragma warning disable CA1031 // A store may fail in any way.
        catch (Exception e)
#pragma warning restore CA1031
        {
            office.Tell(new RunFailed(join.Run, join.Batch, $"its parts cannot be joined: {e.GetType().Name}: {e.Message}"));
        }
    }

    /// <summary>
    /// Content that is uploaded anew is refused only for a while after its removal was journaled: what is not removed by half
    /// of that time stays.
    /// </summary>
    private async Task RemoveAsync(IReadOnlyList<BlobReference> unheld, CancellationToken ending)
    {
        using var limit = new CancellationTokenSource(settings.RemovalSettles / 2, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ending);
        foreach (var blob in unheld)
        {
            try
            {
                await blobs.DeleteAsync(blob, either.Token);
            }
#pragma warning disable CA1031 // A store may fail in any way; the others are tried all the same.
            catch (Exception e)
#pragma warning restore CA1031
            {
                LogNotRemoved(blob.Hash, e.Message);
                if (either.IsCancellationRequested)
                    return;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Vehicle {Vehicle} sends more results than it was given lines: its stream is ended")]
    private partial void LogFlooded(Messages.VehicleId vehicle);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Blob {Hash}, to which nothing refers, cannot be removed and stays: {Reason}")]
    private partial void LogNotRemoved(Messages.ArtifactHash hash, string reason);
}
