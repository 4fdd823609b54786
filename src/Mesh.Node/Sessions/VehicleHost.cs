using System.Collections.Immutable;
using System.Text.Json;
using System.Threading.Channels;
using Akka.Actor;
using Akka.Configuration;
using Mesh.Hosting.Operations;
using Mesh.Messages;
using Mesh.Node.Inference;
using Mesh.Node.Metering;
using Mesh.Node.Operations;
using Mesh.Node.Policy;
using Mesh.Node.Telemetry;
using Mesh.Node.Units;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Sessions;

/// <summary>
/// The vehicle's process: carries out what <see cref="VehicleState"/> decides, one session after the other, until it is asked to
/// stop. Told by <see cref="EligibilityWatch"/> what the owner's policy allows, by the session how it fares.
/// </summary>
public sealed partial class VehicleHost(
    VehicleSettings settings,
    Config akka,
    EligibilityWatch eligibility,
    IInferenceEngine engine,
    UnitWork units,
    UsageRecorder usage,
    OperatorDrain drain,
    LifeLog life,
    TimeProvider time,
    ILoggerFactory loggers) : BackgroundService, IClusterMember
{
    /// <summary>Far more than can come before they are read; should it fill up, its writers wait.</summary>
    private const int MaxCommands = 1024;

    /// <summary>No timer takes any length.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    /// <summary>An end that is expected later is none: a charging timer can be set to any year.</summary>
    private static readonly TimeSpan FarthestEnd = TimeSpan.FromDays(14);

    /// <summary>Around a judgement and what the engine is told of it, so that no earlier one is told after a later one.</summary>
    private readonly Lock _permitting = new();

    private readonly ILogger _logger = loggers.CreateLogger<VehicleHost>();
    private readonly VehicleState _state = new(VehiclePace.Default with { DrainGrace = settings.DrainGrace });
    private readonly EpochStore _epochs = new(settings.Data, time);
    private readonly long _start = time.GetTimestamp();
    private readonly Channel<IVehicleCommand> _commands = Channel.CreateBounded<IVehicleCommand>(
        new BoundedChannelOptions(MaxCommands) { SingleReader = true });

    private readonly TaskCompletionSource _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Judgement? _judgement;
    private volatile VehicleSession? _session;
    private volatile VehicleStanding _standing = new(VehiclePhase.Away, null, null);
    private volatile bool _isToLeave;
    private Task _running = Task.CompletedTask;

    /// <summary>Where it is in its life.</summary>
    public VehicleStanding Standing => _standing with { Session = _session is { } session ? SessionStanding.Of(session) : null };

    public ActorSystem? System => _session?.System;

    public string Absence => _judgement is { Verdict: { IsEligible: false } verdict } ? $"it may not work. {new Reasons(verdict)}" : "it has no session yet";

    private TimeSpan Now => time.GetElapsedTime(_start);

    private OwnerConsent Consent => _judgement is { } judgement ? ConsentOf(judgement) : OwnerConsent.Nothing;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var ended = new CancellationTokenSource();
        using var stopping = stoppingToken.UnsafeRegister(_ => Tell(new StopRequested()), null);
        engine.Permit(OwnerConsent.Nothing, OwnerConsent.Nothing);
        eligibility.Judged += Judged;
        var watching = WatchAsync(ended.Token);
        while (!_exit.Task.IsCompleted)
            Carry(_state.Decide(await NextAsync(), Now, Random.Shared));
        eligibility.Judged -= Judged;
        await ended.CancelAsync();
        await Task.WhenAll(_running, watching);
    }

    /// <summary>Nobody judges any more: nothing may run any more, and the process fails for its supervisor to see.</summary>
    private async Task WatchAsync(CancellationToken cancellation)
    {
        try
        {
            await eligibility.RunAsync(cancellation);
        }
        catch (Exception failed)
        {
            LogWatchFailed(settings.Vehicle, failed);
            lock (_permitting)
            {
                _judgement = null;
                engine.Permit(OwnerConsent.Nothing, OwnerConsent.Nothing);
            }

            Tell(new ClearanceChanged(Clearance.Unknown));
            Tell(new StopRequested());
            throw;
        }
    }

    /// <summary>The next command, or that the time has come which the state asked for.</summary>
    private async Task<IVehicleCommand> NextAsync()
    {
        if (_commands.Reader.TryRead(out var command))
            return command;
        if (_state.NextWake is not { } wake)
            return await _commands.Reader.ReadAsync();
        // Rounded up: a timer that fires early finds nothing to do.
        var wait = wake - Now + TimeSpan.FromMilliseconds(1);
        if (wait <= TimeSpan.Zero)
            return new VehicleTick();
        // A tick that comes before its time finds nothing to do.
        using var due = new CancellationTokenSource(wait < LongestWait ? wait : LongestWait, time);
        try
        {
            return await _commands.Reader.ReadAsync(due.Token);
        }
        catch (OperationCanceledException)
        {
            return new VehicleTick();
        }
    }

    /// <summary>Nothing that is not allowed starts from here on, whatever the session is at.</summary>
    private void Judged(Judgement judgement)
    {
        var consent = ConsentOf(judgement);
        Judgement? before;
        lock (_permitting)
        {
            (before, _judgement) = (_judgement, judgement);
            engine.Permit(consent, finishes: MayFinish(judgement));
        }

        usage.IsMetered = judgement.Telemetry[VssCatalogue.NetworkIsMetered].Truth != false;
        if (_session is { } session && (before is null || ConsentOf(before) != consent))
        {
            units.SetDraining(session.IsDraining || !consent.Batch);
            session.FactsChanged();
        }

        if (!IsSame(before?.Verdict, judgement.Verdict))
        {
            LogVerdict(judgement.Verdict);
            // While it is away nothing else tells the owner that there is another reason now.
            if (_state.Phase == VehiclePhase.Away || (before?.Verdict.IsDrained ?? false) != judgement.Verdict.IsDrained)
                Step();
        }

        Tell(new ClearanceChanged(ClearanceOf(judgement)));
    }

    /// <summary>What is to end soon or as planned may run on: the session drains for it.</summary>
    private static OwnerConsent MayFinish(Judgement judgement) => ConsentOf(judgement) with
    {
        Interactive = judgement.Verdict.UrgencyOf(WorkKinds.Interactive) != Urgency.Now,
        Batch = judgement.Verdict.UrgencyOf(WorkKinds.Batch) != Urgency.Now,
    };

    private Clearance ClearanceOf(Judgement judgement)
    {
        var verdict = judgement.Verdict;
        if (!verdict.MayStay)
            return new Clearance(false, verdict.SessionUrgency ?? Urgency.Now, null);
        var left = (verdict.PlannedEnd?.At - verdict.At) / eligibility.Speed;
        return new Clearance(true, Urgency.Planned, left <= FarthestEnd ? Now + left : null);
    }

    private static OwnerConsent ConsentOf(Judgement judgement)
    {
        var (allowed, named) = (judgement.Verdict.Allowed, judgement.Policy.Consent);
        return new OwnerConsent(allowed.HasFlag(WorkKinds.Interactive), allowed.HasFlag(WorkKinds.Batch))
        {
            Models = named.Models.Contains(ConsentPolicy.Any) || named.Publishers.Contains(ConsentPolicy.Any)
                ? null
                : new ConsentedModels([.. named.Models], [.. named.Publishers]),
        };
    }

    private static bool IsSame(Verdict? one, Verdict other) =>
        one is not null && one.Denials.Select(denial => (denial.Code, denial.Rule)).SequenceEqual(other.Denials.Select(denial => (denial.Code, denial.Rule)));

    private void Tell(IVehicleCommand command)
    {
        if (!_commands.Writer.TryWrite(command))
            _ = _commands.Writer.WriteAsync(command).AsTask();
    }

    private void Carry(VehicleDecision decision)
    {
        var before = (_state.Phase, _state.Cause);
        foreach (var change in decision.Events)
        {
            _state.Apply(change);
            if (change is DrainingBegan { Cause: DepartureCause.Renewal })
                LogRenewal(settings.Vehicle);
            else if (change is not ClearanceChanged)
                LogChange(settings.Vehicle, _state.Phase, change);
        }

        if (before != (_state.Phase, _state.Cause))
        {
            _standing = new VehicleStanding(_state.Phase, _state.Cause, null);
            Step();
        }

        foreach (var effect in decision.Effects)
            Carry(effect);
    }

    private void Carry(IVehicleEffect effect)
    {
        switch (effect)
        {
            case StartSession: Start(); break;
            case AnnounceDeparture announce: _session?.Announce(announce.At is { } at ? time.GetUtcNow() + (at - Now) : null); break;
            case Drain: BeginDrain(); break;
            case Preempt: FreeProcessor(); break;
            case LeaveSession: Leave(); break;
            case Exit: _exit.TrySetResult(); break;
            default: throw new InvalidOperationException($"{effect} is nothing that a vehicle does.");
        }
    }

    /// <summary>A session that is still being made leaves as soon as it is.</summary>
    private void Leave()
    {
        VehicleSession? session;
        lock (_permitting)
            (_isToLeave, session) = (true, _session);
        session?.Leave();
    }

    private void FreeProcessor()
    {
        var began = time.GetTimestamp();
        engine.Permit(OwnerConsent.Nothing, OwnerConsent.Nothing);
        _ = engine.WhenIdleAsync(CancellationToken.None).ContinueWith(
            _ => Step(time.GetElapsedTime(began)), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Where it is now, for its owner.</summary>
    private void Step(TimeSpan? freed = null)
    {
        var verdict = _judgement?.Verdict;
        life.Add(new LifeEntry(
            eligibility.Clock.GetUtcNow(),
            _state.Phase,
            _state.Cause,
            verdict?.Allowed ?? WorkKinds.None,
            verdict is { IsEligible: false } ? [.. verdict.Denials.Select(denial => denial.ToString())] : [],
            freed?.TotalMilliseconds));
    }

    private void Start()
    {
        lock (_permitting)
        {
            engine.Permit(Consent, Consent);
            _isToLeave = false;
        }

        _running = RunSessionAsync();
    }

    private async Task RunSessionAsync()
    {
        await Task.Yield();
        var end = SessionEnd.Failed;
        try
        {
            var epoch = _epochs.Next();
            usage.Begin(epoch);
            using var session = new VehicleSession(settings, akka, engine, units, epoch, Facts(), time, loggers);
            session.Opened += () => Tell(new SessionOpened());
            session.Aged += () => Tell(new RenewalDue());
            lock (_permitting)
                _session = session;
            units.SetDraining(!Consent.Batch);
            if (_isToLeave)
                session.Leave();
            end = await session.RunAsync();
        }
        catch (Exception e)
        {
            LogFailed(settings.Vehicle, e);
        }

        _session = null;
        usage.End();
        Tell(new SessionOver(end));
    }

    private SessionFacts Facts()
    {
        var judgement = _judgement!;
        var policy = judgement.Policy;
        return new SessionFacts(
            policy.Told(judgement.Telemetry.Place ?? settings.Location),
            judgement.ParkedAt is { } parked ? time.GetUtcNow() - ((judgement.Verdict.At - parked) / eligibility.Speed) : null,
            Math.Min(settings.MemoryBytes, policy.Computer.MemoryBytes),
            () => Consent,
            drain,
            () => _judgement?.Verdict.Denials ?? [],
            Farewell);
    }

    private Farewell Farewell() => new(
        _standing.Cause is { } cause ? JsonNamingPolicy.SnakeCaseLower.ConvertName(cause.ToString()) : "",
        _judgement?.Verdict is { IsEligible: false } verdict ? [.. verdict.Denials] : []);

    private void BeginDrain()
    {
        if (_session is not { } session)
            return;
        session.SetDraining(true);
        _ = TellWhenDrainedAsync(session);
    }

    private async Task TellWhenDrainedAsync(VehicleSession session)
    {
        await session.WhenDrainedAsync(session.Ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_session == session)
            Tell(new Drained());
    }

    private void LogVerdict(Verdict verdict)
    {
        if (verdict.IsEligible)
            LogEligible(settings.Vehicle, verdict.Allowed);
        else
            LogNotEligible(settings.Vehicle, new Reasons(verdict));
    }

    /// <summary>Written out only if it is logged.</summary>
    private readonly record struct Reasons(Verdict Verdict)
    {
        public override string ToString() => string.Join("; ", Verdict.Denials);
    }
}
