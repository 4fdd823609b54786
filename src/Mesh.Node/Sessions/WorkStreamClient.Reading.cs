using System.Diagnostics;
using Grpc.Core;
using Mesh.Hosting.Observability;
using Mesh.Messages;
using Mesh.Messages.Work;
using Mesh.Node.Inference;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Sessions;

// What the seed says: requests go to the engine, units' lines to UnitWork.
public sealed partial class WorkStreamClient
{
    private async Task ReadAsync(IAsyncStreamReader<SeedFrame> frames)
    {
        while (await frames.MoveNext(_ended.Token))
        {
            var frame = frames.Current;
            Beat();
            foreach (var model in frame.Models)
                _models[model.Handle] = ToReference(model);
            foreach (var request in frame.Requests)
                Take(request, cancelled: frame.Cancels.Contains(request.Attempt));
            foreach (var cancelled in frame.Cancels)
            {
                if (_jobs.TryGetValue(cancelled, out var job))
                    job.Cancel();
            }

            foreach (var handle in frame.Loads)
                Warm(handle);
            if (frame.Term != 0 || frame.UnitLines.Count > 0 || frame.UnitAcks.Count > 0 || frame.UnitCancels.Count > 0)
                TakeUnits(frame);
            if (frame.Ping != 0)
            {
                Send(new Pong(frame.Ping));
                // Its queue changes all the time; with the pong the seed learns of other seeds' requests in it.
                StatusChanged();
            }
        }
    }

    private static ModelReference ToReference(ModelAnnouncement model) =>
        new(model.Name, model.Version, ArtifactHash.FromBytes(model.Sha256.Span), (long)model.Size)
        {
            Publisher = model.Publisher,
            Batching = model.Batching is not { MaxBatchSize: > 1 } batching ? null : new RunSharing(
                (int)Math.Min(batching.MaxBatchSize, int.MaxValue),
                TimeSpan.FromMicroseconds(Math.Min(batching.MaxQueueDelayUs, int.MaxValue))),
        };

    private void TakeUnits(SeedFrame frame)
    {
        if (_unitPort is { } stream)
        {
            units!.Take(stream, frame, _models);
            return;
        }

        foreach (var lines in frame.UnitLines)
            Send(new UnitNotice { Unit = lines.Unit, State = UnitState.UnitRefused, Reason = "this vehicle takes no work units" });
    }

    private void Take(WorkRequest request, bool cancelled)
    {
        if (cancelled)
            Refuse(request.Attempt, AttemptStatus.AttemptCancelled, "Cancelled before it ran.");
        else if (_draining)
            Refuse(request.Attempt, AttemptStatus.AttemptHandedBack, "the vehicle is leaving");
        else if (_jobs.Count >= credits)
            Refuse(request.Attempt, AttemptStatus.AttemptBusy, $"the stream has its {credits} requests outstanding");
        else if (!_models.TryGetValue(request.Model, out var model))
            Refuse(request.Attempt, AttemptStatus.AttemptFailed, $"the seed announced no model with handle {request.Model}");
        else
            Submit(request, model);
    }

    private void Submit(WorkRequest request, ModelReference model)
    {
        var outputs = new int[request.Outputs.Count];
        for (var i = 0; i < outputs.Length; i++)
            outputs[i] = (int)request.Outputs[i];
        var budget = TimeSpan.FromMicroseconds(Math.Min(request.BudgetUs, int.MaxValue * 1000.0));
        var (attempt, trace) = (request.Attempt, WireTrace.FromWire(request.Trace));
        var job = new InferenceJob(
            model, request.Inputs.FromWire(), outputs, budget, request.Priority, artifacts, result => Answer(attempt, model, trace, result));
        _jobs[attempt] = job;
        engine.Submit(job);
    }

    private void Answer(ulong attempt, ModelReference model, ActivityContext trace, InferenceJobResult result)
    {
        _jobs.TryRemove(attempt, out _);
        var traced = trace != default && MeshSpans.Vehicle.HasListeners();
        if (traced)
            MeshSpans.OfVehicle(MeshSpans.Vehicle, trace, time.GetUtcNow(), result.Timings);
        if (logger.IsEnabled(LogLevel.Debug))
            LogAnswered(attempt, model, result.Outcome, result.Timings.Queue.TotalMilliseconds, result.Timings.Infer.TotalMilliseconds, trace == default ? "none" : trace.TraceId.ToHexString());
        var message = new WorkResult
        {
            Attempt = attempt,
            Status = (AttemptStatus)result.Outcome,
            Error = result.Error,
            QueueUs = (ulong)result.Timings.Queue.TotalMicroseconds,
            LoadUs = (ulong)result.Timings.Load.TotalMicroseconds,
            InferUs = (ulong)result.Timings.Infer.TotalMicroseconds,
            CpuUs = (ulong)result.Timings.Cpu.TotalMicroseconds,
            EnergyUj = (ulong)result.Timings.EnergyUj,
            Traced = traced,
        };
        foreach (var tensor in result.Outputs)
            message.Outputs.Add(tensor.ToWire());
        Send(message);
    }

    private void Refuse(ulong attempt, AttemptStatus status, string why) =>
        Send(new WorkResult { Attempt = attempt, Status = status, Error = why });

    private void Warm(uint handle)
    {
        if (_draining || !_models.TryGetValue(handle, out var model))
            return;
        // Told to the seed by the status when it is loaded; a failure shows with the first request, with its reason.
        _ = engine.LoadAsync(model, artifacts).ContinueWith(
            failed => LogWarmFailed(model, failed.Exception!.GetBaseException().Message),
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted,
            TaskScheduler.Default);
    }
}
