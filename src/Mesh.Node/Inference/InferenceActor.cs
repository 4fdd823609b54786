using Akka.Actor;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Node.Operations;

namespace Mesh.Node.Inference;

/// <summary>What the inference actor drives: this vehicle's engine and its current session.</summary>
public sealed record InferenceActorParts(
    VehicleId Vehicle,
    SessionEpoch Epoch,
    IInferenceEngine Engine,
    IArtifactSource Artifacts,
    TimeProvider Time,
    OperatorDrain Drain,
    Func<bool> IsDraining);

/// <summary>
/// This vehicle's face in the cluster, a sharded entity: load, unload, drain, statistics, and inference by message for
/// callers inside the cluster. Clients' requests do not pass here but come by work stream to the same engine.
/// </summary>
public sealed class InferenceActor : ReceiveActor
{
    private readonly InferenceActorParts _parts;

    public InferenceActor(InferenceActorParts parts)
    {
        _parts = parts;
        Receive<LoadModel>(Load);
        Receive<UnloadModel>(unload => WhileValid(unload, unload.ValidUntil, () => _parts.Engine.Unload(unload.Hash)));
        Receive<DrainVehicle>(drain => WhileValid(drain, drain.ValidUntil, () => _parts.Drain.Drain(drain.For, drain.By)));
        Receive<ResumeVehicle>(resume => WhileValid(resume, resume.ValidUntil, () => _parts.Drain.Resume()));
        Receive<GetVehicleStatistics>(_ => Sender.Tell(Statistics()));
        Receive<RunInference>(Run);
    }

    private void Load(LoadModel load)
    {
        if (IsStale(load, load.ValidUntil))
            return;
        var vehicle = _parts.Vehicle;
        _parts.Engine.LoadAsync(load.Model, _parts.Artifacts).PipeTo(
            Sender,
            Self,
            () => new VehicleDone(vehicle),
            failure => new VehicleRefused(vehicle, $"{load.Model} did not load: {failure.GetBaseException().Message}"));
    }

    private void Run(RunInference run)
    {
        var budget = run.Deadline - _parts.Time.GetUtcNow();
        var (vehicle, asker) = (_parts.Vehicle, Sender);
        if (_parts.IsDraining())
        {
            asker.Tell(new InferenceRan(vehicle, AttemptOutcome.HandedBack, "the vehicle is draining", [], default));
            return;
        }

        _parts.Engine.Submit(new InferenceJob(
            run.Model,
            run.Inputs,
            [],
            budget,
            priority: 0,
            _parts.Artifacts,
            result => asker.Tell(new InferenceRan(vehicle, result.Outcome, result.Error, result.Outputs, result.Timings))));
    }

    private void WhileValid(IVehicleMessage command, DateTimeOffset validUntil, Action act)
    {
        if (IsStale(command, validUntil))
            return;
        try
        {
            act();
            Sender.Tell(new VehicleDone(_parts.Vehicle));
        }
        catch (IOException e)
        {
            Sender.Tell(new VehicleRefused(_parts.Vehicle, $"the vehicle cannot keep it on its disk: {e.Message}"));
        }
    }

    /// <summary>A shard keeps messages while its car is away; one that arrives too late must not act.</summary>
    private bool IsStale(IVehicleMessage command, DateTimeOffset validUntil)
    {
        if (_parts.Time.GetUtcNow() <= validUntil)
            return false;
        Sender.Tell(new VehicleRefused(_parts.Vehicle, $"{command.GetType().Name} was valid until {validUntil:O} and arrived later"));
        return true;
    }

    private VehicleStatistics Statistics()
    {
        var status = _parts.Engine.Status;
        return new VehicleStatistics(
            _parts.Vehicle, _parts.Epoch, _parts.IsDraining(), status.Queued, status.Answered, status.Failed, status.InferenceTime, status.Loaded);
    }
}
