using System.Text.Json.Nodes;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Messages.Work;
using Mesh.Node.Policy;
using Mesh.Seed.Operations;
using Mesh.Seed.Routing.History;
using Mesh.Seed.Routing.Queries;
using Mesh.State.Tests.Policy;

namespace Mesh.State.Tests.Operations;

/// <summary>What a seed knows, of a vehicle that left, about the rules that sent it away.</summary>
public sealed class FarewellTests
{
    [Fact]
    public void Each_rule_comes_with_signal_value_threshold_and_age()
    {
        var denials = Verdicts.Judge(Verdicts.But(Verdicts.Charge, 42), now: 20).Denials;
        var shown = Shown(new Mesh.Node.Sessions.Farewell("soon", denials).ToGoodbye("the owner's rules"));
        var denial = Assert.Single(shown["denials"]!.AsArray())!;
        Assert.Equal(
            (ReasonCodes.LowCharge, ReasonCodes.LowCharge, Verdicts.Charge, "42", "charging.min-state-of-charge", 20.0),
            ((string)denial["code"]!, (string)denial["rule"]!, (string)denial["signal"]!, (string)denial["value"]!, (string)denial["setting"]!, (double)denial["age_s"]!));
        Assert.Contains("50", (string)denial["threshold"]!, StringComparison.Ordinal);
        Assert.StartsWith(ReasonCodes.LowCharge, (string)Assert.Single(shown["reasons"]!.AsArray())!, StringComparison.Ordinal);
    }

    [Fact]
    public void A_place_is_not_told()
    {
        var denial = Verdicts.Judge(Verdicts.But(Verdicts.Charge, 42)).Denials[0] with { Path = "Vehicle.CurrentLocation.Latitude", Value = "50.1109221" };
        Assert.DoesNotContain("50.11", new Mesh.Node.Sessions.Farewell("soon", [denial]).ToGoodbye("").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_vehicle_says_is_kept_within_bounds()
    {
        var text = new string('x', 5000);
        var rule = new RuleDenial { Code = text, Rule = text, Signal = text, Value = text, Threshold = text, AgeS = double.NaN, Setting = text, Unknown = text };
        var goodbye = new Goodbye { Cause = text, Rules = { Enumerable.Repeat(rule, 1000) }, Denials = { Enumerable.Repeat(text, 1000) } };
        var kept = Farewell.Of(goodbye);
        Assert.Equal((32, 32, 300), (kept.Rules.Length, kept.Reasons.Length, kept.Cause.Length));
        Assert.Null(kept.Rules[0].AgeSeconds);
        Assert.InRange(Shown(goodbye).ToJsonString().Length, 1, 32 * 9 * 350);
    }

    private static JsonObject Shown(Goodbye goodbye)
    {
        var vehicle = new VehicleId("V-1");
        var departure = new Departure(vehicle, new SessionEpoch(3), DepartureKind.Planned, default, "", default, Farewell.Of(goodbye));
        var view = new VehicleView(vehicle, VehicleCondition.Away, null) { Departures = [departure] };
        return VehicleDocument.Explain(view, [], default)["departures"]![0]!.AsObject();
    }
}
