using Mesh.Seed.Routing.Queueing;

namespace Mesh.Seed.Routing;

// Who is let in. What cannot be served in time is told so at once, instead of being queued to die.
public sealed partial class RouterState
{
    /// <summary>When trying again makes sense, where nothing tells better.</summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private RouterDecision DecideSubmit(SubmitRequest submit, TimeSpan now)
    {
        if (_leaving)
            return Refuse(submit, now, RequestOutcome.Unavailable, RefusalReason.Leaving, "this seed is leaving its region", RetryPause);
        if (submit.Deadline <= now)
            return Refuse(submit, now, RequestOutcome.DeadlineExceeded, RefusalReason.Expired, "the deadline has passed", null);
        return RefuseForRoom(submit, now) ?? RefuseForTime(submit, now) ?? RouterDecision.Of(QueuedBy(submit, now));
    }

    private static RequestQueued QueuedBy(SubmitRequest submit, TimeSpan now) =>
        new(submit.Request, submit.Model, submit.PayloadBytes, submit.Deadline, submit.Priority, now)
        {
            Origin = submit.Origin,
            MaxDistanceKm = submit.MaxDistanceKm,
            Client = submit.Client,
            Work = submit.Work,
            ClientRequest = submit.ClientRequest,
        };

    /// <summary>
    /// While less than half of the places are taken, a client may take any. After that none gets more than its share: the
    /// places divided by the clients that have a request here, at least one. Places taken before that are kept.
    /// </summary>
    private RouterDecision? RefuseForRoom(SubmitRequest submit, TimeSpan now)
    {
        if (_waiting.Count >= _settings.MaxWaiting)
        {
            return Refuse(
                submit,
                now,
                RequestOutcome.Overloaded,
                RefusalReason.QueueFull,
                $"{_waiting.Count} requests already wait for a vehicle at this seed, as many as may",
                Drain(submit, _waiting.Count / 2));
        }

        var clients = _waiting.Clients + (_waiting.Knows(submit.Client) ? 0 : 1);
        var share = Math.Max(1, _settings.MaxWaiting / clients);
        var waiting = _waiting.WaitingOf(submit.Client);
        return _waiting.Count * 2 < _settings.MaxWaiting || waiting < share
            ? null
            : Refuse(
                submit,
                now,
                RequestOutcome.Overloaded,
                RefusalReason.ShareFull,
                $"{waiting} requests of this client already wait for a vehicle at this seed, its share of {_settings.MaxWaiting} places among {clients} clients",
                Drain(submit, _waiting.Count / 2));
    }

    /// <summary>
    /// Only what is measured counts. Long pieces of work tell their own length, of which no model's run says anything: they
    /// are never refused for time.
    /// </summary>
    private RouterDecision? RefuseForTime(SubmitRequest submit, TimeSpan now)
    {
        if (submit.Work is not null)
            return null;
        var floor = _fleet.LeastTime(submit.Model.Hash);
        var least = floor ?? TimeSpan.Zero;
        if (now + least > submit.Deadline)
        {
            return Refuse(
                submit,
                now,
                RequestOutcome.DeadlineExceeded,
                RefusalReason.TooSlow,
                $"no vehicle answers {submit.Model} in less than {least.TotalMilliseconds:0.###} ms, more than the timeout leaves",
                RetryPause);
        }

        var ahead = _waiting.Ahead(PriorityLevel.Of(submit.Priority), submit.Client, submit.Deadline);
        var wait = ahead * PerWaiting(submit);
        return wait is null || now + wait + least <= submit.Deadline
            ? null
            : Refuse(
                submit,
                now,
                RequestOutcome.DeadlineExceeded,
                RefusalReason.QueueTooLong,
                $"{ahead} requests go before it, about {wait.Value.TotalMilliseconds:0} ms"
                    + (floor is null ? "" : $", and no vehicle answers {submit.Model} in less than {least.TotalMilliseconds:0.###} ms")
                    + ": more than the timeout leaves",
                now + wait + least - submit.Deadline);
    }

    private TimeSpan Drain(SubmitRequest submit, int requests) =>
        PerWaiting(submit) * requests is { } drain && drain > RetryPause ? drain : RetryPause;

    /// <summary>
    /// Time for which each waiting request keeps the next one waiting: as measured lately, and not more than the model's
    /// average run over all slots, which is too much where vehicles batch but tells at once when vehicles come. Null while
    /// either is not measured.
    /// </summary>
    private TimeSpan? PerWaiting(SubmitRequest submit)
    {
        if (_pace.PerRequest is not { } pace || _fleet.FleetService(submit.Model.Hash) is not { } service || _slots == 0)
            return null;
        return pace < service / _slots ? pace : service / _slots;
    }

    private RouterDecision Refuse(
        SubmitRequest submit, TimeSpan now, RequestOutcome outcome, RefusalReason reason, string error, TimeSpan? retryAfter)
    {
        // No event tells of it, for it changes nothing.
        _history?.Refused(QueuedBy(submit, now), outcome, error);
        return new([], [new CompleteRequest(submit.Request, outcome, error, retryAfter, null, null, 0, default) { Model = submit.Model, Refused = reason }]);
    }
}
