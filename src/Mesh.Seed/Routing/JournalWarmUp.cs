using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using Mesh.Messages;

namespace Mesh.Seed.Routing;

/// <summary>
/// Replays the JobRouter's journal once when a seed starts, writing nothing: connections are then open and the code
/// compiled, so that a seed which must take the router over later loses seconds to neither. Ends by itself.
/// </summary>
public sealed class JournalWarmUp : ReceivePersistentActor
{
    public JournalWarmUp(RegionName region)
    {
        PersistenceId = JobRouter.PersistenceIdOf(region);
        Recover<RecoveryCompleted>(_ => Context.Stop(Self));
        RecoverAny(_ => { });
    }

    public override string PersistenceId { get; }

    protected override void OnRecoveryFailure(Exception reason, object? message = null) =>
        Context.GetLogger().Warning(reason, "The journal cannot be read; this seed could not take over the job router now");
}
