using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Mesh.Hosting;
using Mesh.Messages.Control;
using Mesh.Seed.Batches;

namespace Mesh.Seed.Routing;

// Files and batches: any seed's API asks (IBatchCall), this seed's work streams tell of their vehicles (FleetFacts), runs tell
// how batches get on (IDeskCommand); decisions are journaled, then carried out by IBatchWork.
public sealed partial class JobRouter
{
    private Cluster? _cluster;
    private TimeSpan? _wake;

    private DateTimeOffset Wall => _parts.Clock.Provider.GetUtcNow();

    private void TakeBatches()
    {
        Command<IBatchCall>(Take);
        Command<IDeskCommand>(Take);
        Command<StreamGone>(Take);
        Command<IRouterCommand>(Take);
        Command<ClusterEvent.ReachableMember>(reachable => Changed(reachable.Member, IsGood(reachable.Member)));
        Command<ClusterEvent.UnreachableMember>(unreachable => Changed(unreachable.Member, false));
        Command<ClusterEvent.IMemberEvent>(changed =>
            Changed(changed.Member, IsGood(changed.Member) && !_cluster!.State.Unreachable.Contains(changed.Member)));
    }

    protected override void PostStop()
    {
        // Whatever the reason, also a journal that failed: what is not recorded is not acknowledged either.
        _parts.Journal?.RouterLeft();
        _parts.Facts.Attach(null);
        _parts.Work.LeaveOffice();
        _cluster?.Unsubscribe(Self);
        base.PostStop();
    }

    private void StartBatches()
    {
        var self = Self;
        _parts.Work.TakeOffice(_state.Term, _state.Batches.LastUnit, command => self.Tell(command));
        _parts.Facts.Attach(fact => self.Tell(fact));
        // First who may take results, then vehicles are asked for them.
        Run(_state.Desk.DecideOffice(_state.Term, _parts.Clock.Now));
        _cluster = Cluster.Get(Context.System);
        _cluster.Subscribe(
            Self,
            ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
            typeof(ClusterEvent.IMemberEvent),
            typeof(ClusterEvent.IReachabilityEvent));
    }

    private void Take(IBatchCall call)
    {
        var asker = Sender;
        var decision = _state.Decide(call, Wall);
        Persist(decision.Events, () =>
        {
            asker.Tell(decision.Answer(_state.Batches));
            if (decision.Events.Count > 0)
                Advance();
        });
    }

    private void Take(IDeskCommand command)
    {
        if (command is RunFailed failed)
            _log.Warning("Batch {0} cannot go on now and is tried again: {1}", failed.Batch, failed.Reason);
        Run(_state.Decide(command, _parts.Clock.Now, Wall));
    }

    private void Take(StreamGone gone)
    {
        var waiting = _state.Desk.DecideStreamGone(gone.Stream, gone.Kind, _parts.Clock.Now);
        Learn(new StreamClosed(gone.Stream));
        Run(waiting);
    }

    private void Take(IRouterCommand fact)
    {
        if (fact is not Tick)
            Learn(fact);
        else
            _wake = null;
        Advance();
    }

    private void Changed(Member member, bool serviceable)
    {
        if (MeshSystem.SessionOf(member) is not null)
            Take(new MemberChanged(member.UniqueAddress.ToNodeAddress(), serviceable));
    }

    private static bool IsGood(Member member) => member.Status is MemberStatus.Joining or MemberStatus.WeaklyUp or MemberStatus.Up;

    private void Learn(IRouterCommand fact)
    {
        foreach (var change in _state.Decide(fact, _parts.Clock.Now, _parts.Random).Events)
            _state.Apply(change);
    }

    /// <summary>Does what is to be done by itself, until nothing is.</summary>
    private void Advance()
    {
        var next = _state.Desk.DecideNext(_parts.Clock.Now, Wall, _parts.Random);
        if (next.IsNothing)
            ScheduleWake();
        else
            Run(next);
    }

    private void Run(DeskDecision decision) => Persist(decision.Journaled, () =>
    {
        foreach (var noted in decision.Noted)
            _state.Apply(noted);
        foreach (var effect in decision.Effects)
            _parts.Work.Carry(effect);
        Advance();
    });

    /// <summary>Journals the events in one write, applies them, then goes on; at once when there are none.</summary>
    private void Persist(IReadOnlyList<IBatchEvent> events, Action then)
    {
        if (events.Count == 0)
        {
            then();
            return;
        }

        var applied = 0;
        _parts.Journal?.WriteBegan();
        PersistAll(events, durable =>
        {
            _state.Apply((IRouterEvent)durable);
            Report(durable);
            if (++applied < events.Count)
                return;
            _parts.Journal?.WriteConfirmed();
            _parts.Work.Changed(_state.Batches);
            SnapshotIfDue(events.Count);
            then();
        });
    }

    /// <summary>A batch's course in the log: who runs a region reads there what was asked, and what became of it.</summary>
    private void Report(IBatchEvent durable)
    {
        switch (durable)
        {
            case BatchCreated created:
                _log.Info("{0} created: {1} of {2}, within {3}", created.Batch, created.Request.Endpoint, created.Request.InputFileId, created.Request.WindowText);
                break;
            case BatchValidated validated:
                _log.Info("{0} in progress: {1} lines", validated.Batch, validated.Lines);
                break;
            case BatchFailed failed:
                // Not the fault's text: it may quote the file, and belongs to the batch's client alone.
                _log.Info("{0} failed: {1} faults, the first: {2} in line {3}", failed.Batch, failed.Faults.Count, failed.Faults[0].Code, failed.Faults[0].Line);
                if (_state.Batches.Batches.GetValueOrDefault(failed.Batch)?.Entry is { } faulty)
                    BatchSpans.Finished(faulty, failed.At);
                break;
            case BatchEnded ended when _state.Batches.Batches.GetValueOrDefault(ended.Batch)?.Entry is { } entry:
                _log.Info("{0} {1}: {2} of {3} lines answered, {4} failed", ended.Batch, ended.Status, entry.Completed, entry.Total, entry.Failed);
                BatchSpans.Finished(entry, ended.At);
                break;
        }
    }

    private void ScheduleWake()
    {
        var now = _parts.Clock.Now;
        var wake = _state.Desk.NextWake(now, Wall);
        if (wake == _wake)
            return;
        _wake = wake;
        Timers.StartSingleTimer(nameof(Tick), Tick.Instance, wake > now ? wake - now : TimeSpan.Zero);
    }
}
