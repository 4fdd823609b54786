using System.Collections.Immutable;
using Mesh.Node.Policy.Rules;
using Mesh.Node.Telemetry;

namespace Mesh.Node.Policy;

/// <summary>
/// Judges telemetry by the owner's policy. Pure; to be asked after every telemetry event, change of the policy or of the usage,
/// and at each verdict's <see cref="Verdict.NextCheck"/>, so that no lapse of a rule goes unseen.
/// </summary>
public static class EligibilityRules
{
    /// <summary>Every rule, in the order in which an owner would look.</summary>
    internal static readonly ImmutableArray<Rule> All =
    [
        ConsentRule.Interactive, ConsentRule.Batch, ConsentRule.Models,
        MovingRule.Rule, SpeedRule.Rule, InUseRule.Rule, LockRule.Rule, PowerSavingRule.Rule, DepartureRule.Rule,
        CableRule.Rule, StateOfChargeRule.Rule, DischargeRule.Rule,
        BatteryTemperatureRule.Rule, ComputerTemperatureRule.Rule, MemoryRule.Rule,
        NetworkRule.Rule, MeteredRule.Rule, ByteQuotaRule.Rule,
        HoursRule.Rule, QuietHoursRule.Rule, PriceRule.Rule, EnergyCapRule.Rule,
    ];

    /// <param name="memory">What the verdict before answered; <see cref="EligibilityMemory.Empty"/> for the first.</param>
    public static (Verdict Verdict, EligibilityMemory Memory) Judge(
        TelemetrySnapshot telemetry, OwnerPolicy policy, UsageToday usage, EligibilityMemory memory)
    {
        var question = new Question(telemetry, policy, usage);
        var denials = ImmutableArray.CreateBuilder<Denial>();
        PlannedEnd? end = null;
        DateTimeOffset? next = null;
        foreach (var rule in All)
        {
            var finding = rule.Check(question);
            (memory, var heldUntil) = Remember(rule, finding, question, memory);
            if (heldUntil is not null || finding.Outcome is Outcome.Fails or Outcome.Unknown)
                denials.Add(rule.Deny(finding, heldUntil));
            next = Earlier(next, Earlier(finding.Recheck, heldUntil, telemetry.Now), telemetry.Now);
            if (finding.PlannedEnd is { } at && at > telemetry.Now && !(end?.At <= at))
                end = new PlannedEnd(at, rule.Code);
        }

        var verdict = new Verdict(telemetry.Now, denials.ToImmutable(), null, next);
        return (verdict.IsEligible ? verdict with { PlannedEnd = end } : verdict, memory);
    }

    private static (EligibilityMemory Memory, DateTimeOffset? HeldUntil) Remember(
        Rule rule, Finding finding, Question question, EligibilityMemory memory)
    {
        if (rule.Hold is not { } hold)
            return (memory, null);
        return finding.Outcome switch
        {
            Outcome.NotAsked => (memory.Forget(rule.Code), null),
            Outcome.Passes => memory.Passed(rule.Code, question.Now, hold(question.Policy.Hysteresis)),
            Outcome.Fails => (memory.Failed(rule.Code), null),
            _ => (memory.Unknown(rule.Code), null),
        };
    }

    /// <summary>The earlier one of those that lie ahead.</summary>
    private static DateTimeOffset? Earlier(DateTimeOffset? a, DateTimeOffset? b, DateTimeOffset now)
    {
        if (!(b > now))
            return a > now ? a : null;
        return a > now && a < b ? a : b;
    }
}
