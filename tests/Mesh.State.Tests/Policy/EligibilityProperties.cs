using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mesh.Node.Policy;
using Mesh.Node.Telemetry;
using Mesh.State.Tests.Telemetry;
using static Mesh.State.Tests.Policy.Verdicts;

namespace Mesh.State.Tests.Policy;

/// <summary>What must hold whatever a vehicle tells and its owner says.</summary>
public sealed class EligibilityProperties
{
    private static readonly string[] Paths = [.. Good.Keys, Battery + "CurrentPower"];

    [Property(MaxTest = 500)]
    public Property To_know_less_never_allows_more() => ForAll(random =>
    {
        var policy = RandomPolicy(random);
        var telemetry = RandomTelemetry(random);
        // Hints at a departure are none of these: to know of none is the usual case.
        var less = telemetry.Tell(Paths[random.Next(Paths.Length)], null, 1);
        Assert.Equal(WorkKinds.None, Judge(less, policy, now: 1).Allowed & ~Judge(telemetry, policy, now: 1).Allowed);
    });

    [Property(MaxTest = 500)]
    public Property To_take_back_consent_never_allows_more() => ForAll(random =>
    {
        var (policy, telemetry) = (RandomPolicy(random), RandomTelemetry(random));
        var taken = random.Next(2) == 0 ? WorkKinds.Interactive : WorkKinds.Batch;
        var less = policy with { Consent = policy.Consent with { Kinds = policy.Consent.Kinds & ~taken } };
        var (before, after) = (Judge(telemetry, policy).Allowed, Judge(telemetry, less).Allowed);
        Assert.Equal(before & ~taken, after);
    });

    [Property(MaxTest = 500)]
    public Property Every_denial_has_a_reason_that_says_what_it_needs_and_what_may_change_it() => ForAll(random =>
    {
        var verdict = Judge(RandomTelemetry(random), RandomPolicy(random), now: 1);
        foreach (var kind in new[] { WorkKinds.Interactive, WorkKinds.Batch })
            Assert.Equal((verdict.Allowed & kind) == 0, verdict.Denials.Any(denial => (denial.Kinds & kind) != 0));
        Assert.All(verdict.Denials, denial => Assert.True(denial.Threshold.Length > 0 && denial.Setting.Length > 0, denial.ToString()));
        Assert.All(verdict.Denials, denial => Assert.Equal(denial.Code == ReasonCodes.SignalUnknown, denial.Unknown is not null));
        Assert.True(verdict.NextCheck is null || verdict.NextCheck > verdict.At);
    });

    [Property(MaxTest = 100)]
    public Property Until_the_next_check_the_verdict_stays_as_it_is() => ForAll(random =>
    {
        var (policy, telemetry) = (RandomPolicy(random), RandomTelemetry(random));
        var (verdict, memory) = EligibilityRules.Judge(telemetry.At(Signals.At(1)), policy, UsageToday.None, EligibilityMemory.Empty);
        var until = verdict.NextCheck ?? verdict.At.AddDays(3);
        var later = verdict.At + (until - verdict.At) * random.NextDouble();
        Assert.Equal(verdict.Allowed, EligibilityRules.Judge(telemetry.At(later), policy, UsageToday.None, memory).Verdict.Allowed);
    });

    /// <summary>
    /// Values wobble around their limits, fall silent and come back; the vehicle begins to work at most once in a hysteresis
    /// time, and never works while a rule fails.
    /// </summary>
    [Property(MaxTest = 100)]
    public Property A_vehicle_does_not_flap() => ForAll(random =>
    {
        var (telemetry, memory) = (Tell(0), EligibilityMemory.Empty);
        var (allowed, lastStart, starts) = (false, double.NegativeInfinity, 0);
        for (double now = 0; now < 7200; now += 5)
        {
            telemetry = Tell(now);
            // Calm most of the time, so that there are starts at all.
            if (now % 1800 < 600 && random.Next(10) == 0)
                telemetry = random.Next(3) switch
                {
                    0 => telemetry.Tell(Charge, 49.9, now),
                    1 => telemetry.Tell(Cable, false, now),
                    _ => telemetry.Apply(new TelemetryEvent.Lost("drill")),
                };
            (var verdict, memory) = EligibilityRules.Judge(telemetry.At(Signals.At(now)), Steady, UsageToday.None, memory);
            Assert.False(verdict.IsEligible && Judge(telemetry, Steady, now: now).Denials.Length > 0);
            if (verdict.IsEligible && !allowed)
            {
                Assert.True(now - lastStart >= 300, $"starts at {lastStart} and {now} s");
                (lastStart, starts) = (now, starts + 1);
            }

            allowed = verdict.IsEligible;
        }

        Assert.InRange(starts, 1, 24);
    });

    private static readonly OwnerPolicy Steady = Consenting with { Energy = new EnergyPolicy() };

    private static Property ForAll(Action<Random> holds) =>
        Prop.ForAll(Gen.Choose(1, int.MaxValue - 1).ToArbitrary(), seed => holds(new Random(seed)));

    /// <summary>Mostly good, so that every rule is at times the one that decides.</summary>
    private static VehicleTelemetry RandomTelemetry(Random random) => Paths.Aggregate(VehicleTelemetry.Empty, (telemetry, path) => random.Next(12) switch
    {
        0 => telemetry,
        1 => telemetry.Tell(path, null, 0),
        2 => telemetry.Tell(path, "?", 0),
        3 => telemetry.Tell(path, true, 0),
        4 => telemetry.Tell(path, false, 0),
        5 => telemetry.Tell(path, random.Next(-200, 200), 0),
        6 => telemetry.Tell(path, Good.GetValueOrDefault(path, 0), -random.Next(400)),
        _ => telemetry.Tell(path, Good.GetValueOrDefault(path, 0), 0),
    });

    private static OwnerPolicy RandomPolicy(Random random)
    {
        bool Flip() => random.Next(2) == 0;
        return Consenting with
        {
            Consent = new ConsentPolicy { Kinds = (WorkKinds)random.Next(4), Models = random.Next(8) == 0 ? [] : ["*"] },
            Parked = new ParkedPolicy { MustBeOff = Flip(), MustBeLocked = Flip(), SpeedMaxKmh = Flip() ? 1 : null },
            Charging = new ChargingPolicy { MustBePluggedIn = Flip(), NeverDischarge = Flip(), MinStateOfCharge = Flip() ? random.Next(100) : null },
            Temperature = new TemperaturePolicy { BatteryMaxCelsius = Flip() ? random.Next(60) : null },
            Network = new NetworkPolicy { Allow = Flip() ? NetworkAllowance.WifiOnly : NetworkAllowance.Metered, DailyMeteredBytes = random.Next(2) },
            Hours = new HoursPolicy { Allowed = random.Next(4) == 0 ? WeeklyWindows.EveryDay([new(random.Next(720), 721)]) : WeeklyWindows.Always },
            Computer = new ComputerPolicy { MinFreeMemoryMib = Flip() ? 512 : null },
        };
    }
}
