using System.Globalization;
using Mesh.Node.Operations;
using Mesh.Node.Telemetry;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Policy;

/// <summary>What the vehicle may do at a moment, and all that it was judged by.</summary>
/// <param name="ParkedAt">Since when it stands and is plugged in, by the telemetry's clock; null while it does not or that is not known.</param>
public sealed record Judgement(Verdict Verdict, OwnerPolicy Policy, TelemetrySnapshot Telemetry, DateTimeOffset? ParkedAt);

/// <summary>
/// Judges the vehicle by its owner's policy: after everything that its telemetry tells, every change of the policy or of the
/// day's usage, and whenever a verdict may lapse by itself. Told by the source and the policy file; tells <see cref="VehicleHost"/>.
/// </summary>
/// <param name="usage">Of the owner's day that holds the moment.</param>
/// <param name="drain">Operators' drain, which denies work whatever the owner allows; null = there are no operators.</param>
public sealed partial class EligibilityWatch(
    ITelemetrySource source,
    IOwnerPolicies policies,
    Func<OwnerPolicy, DateTimeOffset, UsageToday> usage,
    ILogger<EligibilityWatch> logger,
    OperatorDrain? drain = null)
{
    /// <summary>Usage grows while it works, and nothing tells of that.</summary>
    private static readonly TimeSpan UsageCheck = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private VehicleTelemetry _telemetry = VehicleTelemetry.Empty;
    private EligibilityMemory _memory = EligibilityMemory.Empty;
    private DateTimeOffset? _parkedAt;
    private ITimer? _timer;
    private bool _over;

    /// <summary>Raised with each judgement, one after the other; must not block.</summary>
    public event Action<Judgement>? Judged;

    /// <summary>The last judgement; null before the first.</summary>
    public Judgement? Latest { get; private set; }

    /// <summary>What is known at this moment, also between two judgements.</summary>
    public TelemetrySnapshot Telemetry
    {
        get
        {
            lock (_lock)
                return _telemetry.At(source.Clock.GetUtcNow());
        }
    }

    /// <summary>The clock that it judges by.</summary>
    public TimeProvider Clock => source.Clock;

    public double Speed => source.Speed;

    /// <summary>Runs until it is cancelled. A source that has no more to tell leaves its signals to grow stale.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        _timer = source.Clock.CreateTimer(_ => Judge(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        policies.Changed += Judge;
        if (drain is not null)
            drain.Changed += Judge;
        try
        {
            Judge();
            await foreach (var happened in source.ReadAsync(cancellation))
            {
                if (happened is TelemetryEvent.Lost lost)
                    LogLost(lost.Reason);
                lock (_lock)
                    _telemetry = _telemetry.Apply(happened);
                Judge();
            }

            await Task.Delay(Timeout.Infinite, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Its end.
        }
        finally
        {
            policies.Changed -= Judge;
            if (drain is not null)
                drain.Changed -= Judge;
            lock (_lock)
                _over = true;
            await _timer.DisposeAsync();
        }
    }

    private void Judge()
    {
        lock (_lock)
        {
            if (_over)
                return;
            var (now, policy) = (source.Clock.GetUtcNow(), policies.Current);
            var snapshot = _telemetry.At(now);
            (var verdict, _memory) = EligibilityRules.Judge(snapshot, policy, usage(policy, now), _memory);
            if (drain?.Current is { } drained)
                verdict = new Verdict(verdict.At, verdict.Denials.Add(DenialOf(drained)), verdict.PlannedEnd, verdict.NextCheck);
            _parkedAt = IsParked(snapshot) ? _parkedAt ?? now : null;
            Latest = new Judgement(verdict, policy, snapshot, _parkedAt);
            Judged?.Invoke(Latest);
            // Its resolution is a millisecond: a timer that fires early would find nothing changed, and be set to nothing.
            var wait = (verdict.NextCheck - now) + TimeSpan.FromMilliseconds(1) is { } next && next < UsageCheck ? next : UsageCheck;
            _timer!.Change(wait, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>What runs may finish.</summary>
    private static Denial DenialOf(DrainInForce drained) => new(
        ReasonCodes.OperatorDrain,
        ReasonCodes.OperatorDrain,
        WorkKinds.All,
        Urgency.Planned,
        "mesh drain",
        "",
        string.Create(CultureInfo.InvariantCulture, $"in force until {drained.Until.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z, asked for by {drained.By}"),
        "to be over, or 'mesh resume'",
        null,
        null,
        null);

    private static bool IsParked(TelemetrySnapshot telemetry) =>
        telemetry[VssCatalogue.IsMoving].Truth == false && telemetry[VssCatalogue.IsPluggedIn].Truth == true;

    [LoggerMessage(Level = LogLevel.Warning, Message = "Telemetry is lost: {Reason}. Its signals are unknown, which permits nothing.")]
    private partial void LogLost(string reason);
}
