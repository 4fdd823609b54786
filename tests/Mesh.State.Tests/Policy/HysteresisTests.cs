using Mesh.Node.Policy;
using Mesh.Node.Telemetry;
using Mesh.State.Tests.Telemetry;
using static Mesh.State.Tests.Policy.Verdicts;

namespace Mesh.State.Tests.Policy;

public sealed class HysteresisTests
{
    private EligibilityMemory _memory = EligibilityMemory.Empty;

    [Fact]
    public void A_vehicle_that_starts_need_not_wait()
    {
        Assert.False(Judge(VehicleTelemetry.Empty, 0).IsEligible);
        Assert.True(Judge(Tell(1), 1).IsEligible);
    }

    [Fact]
    public void What_failed_must_hold_before_it_permits_and_the_reason_says_until_when()
    {
        Judge(Tell(0), 0);
        Assert.False(Judge(But(Charge, 40, at: 10), 10).IsEligible);
        var held = Judge(Tell(20), 20);
        var denial = Assert.Single(held.Denials);
        Assert.Equal(("LOW_CHARGE", "80", Signals.At(320)), (denial.Code, denial.Value, denial.HeldUntil));
        Assert.Contains("to stay so until 12:05:20Z", denial.ToString(), StringComparison.Ordinal);
        Assert.False(Judge(Tell(319.9), 319.9).IsEligible);
        Assert.Equal(Signals.At(320), Judge(Tell(319.9), 319.9).NextCheck);
        Assert.True(Judge(Tell(320), 320).IsEligible);
    }

    [Fact]
    public void A_lapse_begins_the_wait_anew()
    {
        Judge(But(Charge, 40), 0);
        Judge(Tell(100), 100);
        Judge(But(Charge, 49, at: 200), 200);
        Assert.Equal(Signals.At(550), Assert.Single(Judge(Tell(250), 250).Denials).HeldUntil);
    }

    [Fact]
    public void To_become_unknown_is_a_lapse_too()
    {
        Judge(Tell(0), 0);
        Judge(But(Charge, null, at: 10), 10);
        Assert.Equal(Signals.At(320), Assert.Single(Judge(Tell(20), 20).Denials).HeldUntil);
    }

    [Fact]
    public void A_limit_that_the_owner_switches_off_is_forgotten()
    {
        Judge(But(Charge, 40), 0);
        Judge(Tell(1), 1, Consenting with { Charging = new ChargingPolicy { MinStateOfCharge = null } });
        Assert.True(Judge(Tell(2), 2).IsEligible);
    }

    [Fact]
    public void A_clock_that_is_set_back_does_not_prolong_the_wait_beyond_its_time()
    {
        Judge(But(Charge, 40, at: 10_000), 10_000);
        Judge(Tell(10_001), 10_001);
        Assert.Equal(Signals.At(305), Assert.Single(Judge(Tell(5), 5).Denials).HeldUntil);
    }

    [Fact]
    public void Consent_and_hours_wait_for_nothing()
    {
        Judge(Tell(0), 0, new OwnerPolicy());
        Assert.True(Judge(Tell(1), 1).IsEligible);
    }

    private Verdict Judge(VehicleTelemetry telemetry, double now, OwnerPolicy? policy = null)
    {
        (var verdict, _memory) = EligibilityRules.Judge(telemetry.At(Signals.At(now)), policy ?? Consenting, UsageToday.None, _memory);
        return verdict;
    }
}
