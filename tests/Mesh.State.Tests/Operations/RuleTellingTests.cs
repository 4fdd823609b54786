using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Mesh.Messages;
using Mesh.Messages.Work;
using Mesh.Node.Policy;
using Mesh.Node.Sessions;
using Mesh.Seed.Operations;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.History;
using Mesh.Seed.Routing.Queries;
using Mesh.State.Tests.Policy;
using Mesh.State.Tests.Routing;
using OwnerConsent = Mesh.Messages.OwnerConsent;

namespace Mesh.State.Tests.Operations;

/// <summary>Which rules deny work at a connected vehicle: what it tells of them, and what a seed makes of that.</summary>
public sealed class RuleTellingTests
{
    private static readonly DateTimeOffset ToldAt = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly RouterDriver _router = new(history: new RouterHistory());

    [Fact]
    public void A_new_value_is_no_news_and_another_rule_kind_or_limit_is()
    {
        var low = Low(42);
        Assert.True(RuleTelling.IsSame(low, Low(41, age: 20)));
        Assert.False(RuleTelling.IsSame(low, []));
        Assert.False(RuleTelling.IsSame(low, [.. low, .. Hot]));
        Assert.False(RuleTelling.IsSame(low, [low[0] with { Kinds = WorkKinds.Batch }]));
        Assert.False(RuleTelling.IsSame(low, [low[0] with { Threshold = "at least 60 percent" }]));
        Assert.False(RuleTelling.IsSame(low, [low[0] with { Code = ReasonCodes.SignalUnknown }]));
        // Two consents that are missing have the same code and rule.
        Assert.False(RuleTelling.IsSame(Missing(WorkKinds.Interactive), Missing(WorkKinds.Batch)));
    }

    /// <summary>A seed that says "is 55, needs at least 50" would mislead.</summary>
    [Fact]
    public void A_value_that_only_has_to_stay_good_says_until_when_and_that_is_no_news()
    {
        var low = Low(42);
        var held = low[0] with { Value = "55", HeldUntil = ToldAt.AddSeconds(320) };
        Assert.Equal(low[0].Threshold + ", and to stay so until 12:05:20Z", RuleTelling.ToWire(held).Threshold);
        Assert.True(RuleTelling.IsSame(low, [held]));
        Assert.True(RuleTelling.IsSame([held], [held with { HeldUntil = ToldAt.AddSeconds(321) }]));
        var cut = RuleTelling.ToWire(held with { Threshold = new string('x', 5000) }).Threshold;
        Assert.Equal(300, cut.Length);
        Assert.EndsWith("x, and to stay so until 12:05:20Z", cut, StringComparison.Ordinal);
    }

    [Fact]
    public void A_drain_that_another_replaced_is_news_since_its_value_says_until_when()
    {
        var drain = Low(42)[0] with { Code = ReasonCodes.OperatorDrain, Rule = ReasonCodes.OperatorDrain, Path = "", Value = "in force until noon" };
        Assert.True(RuleTelling.IsSame([drain], [drain with { Age = TimeSpan.FromSeconds(1) }]));
        Assert.False(RuleTelling.IsSame([drain], [drain with { Value = "in force until midnight" }]));
    }

    [Fact]
    public void It_is_told_within_bounds_and_without_places()
    {
        var text = new string('x', 5000);
        var place = Low(42)[0] with { Path = "Vehicle.CurrentLocation.Latitude", Value = "50.1109221", Threshold = text, Setting = text };
        var told = RuleTelling.ToWire([.. Enumerable.Repeat(place, 100)]);
        Assert.DoesNotContain("50.11", told.ToString(), StringComparison.Ordinal);
        Assert.Equal((32, 300, "withheld"), (told.Rules.Count, told.Rules[0].Threshold.Length, told.Rules[0].Value));
    }

    [Fact]
    public void A_seed_keeps_no_more_than_that_of_one_that_does_not_hold_to_it()
    {
        var text = new string('x', 5000);
        var rule = new RuleDenial { Code = text, Rule = text, Denies = text, Signal = text, Value = text, Threshold = text, AgeS = double.NaN, Setting = text, Unknown = text };
        var kept = ToldDenials.Of(new PolicyDenials { Rules = { Enumerable.Repeat(rule, 1000) } }, ToldAt);
        Assert.Equal((32, 300, 300), (kept.Rules.Length, kept.Rules[0].Denies.Length, kept.Rules[0].Value.Length));
        Assert.Null(kept.Rules[0].AgeSeconds);
        Assert.InRange(kept.Because(batch: false).Length, 1, 3 * 9 * 310);
    }

    [Fact]
    public void A_rules_line_reads_as_at_the_vehicle()
    {
        ImmutableArray<Denial> denials = [.. Low(42), .. Missing(WorkKinds.Batch), Low(42)[0] with { Value = "55", HeldUntil = ToldAt.AddSeconds(320) }];
        Assert.Equal(denials.Select(denial => denial.ToString()), Told(denials).Rules.Select(rule => rule.ToString()));
    }

    [Fact]
    public void One_that_takes_batches_only_says_by_which_rule()
    {
        var explained = Explain(Load(new OwnerConsent(false, true), Missing(WorkKinds.Interactive)));
        Assert.Equal(
            "it gets no requests now: its owner's policy permits batches only now, because of NO_CONSENT: consent.interactive is false, needs true",
            (string)explained["summary"]!);
        var denial = Assert.Single(explained["denials"]!.AsArray())!;
        Assert.Equal(
            ("NO_CONSENT", "interactive", "consent.interactive", "false", "true"),
            ((string)denial["code"]!, (string)denial["denies"]!, (string)denial["setting"]!, (string)denial["value"]!, (string)denial["threshold"]!));
        Assert.Equal("2026-03-01T12:00:00Z", (string)explained["denials_told_at"]!);
    }

    [Fact]
    public void One_that_takes_requests_only_says_by_which_rule()
    {
        var load = Load(new OwnerConsent(true, false), Missing(WorkKinds.Batch));
        var explained = Explain(load);
        Assert.True((bool)explained["takes_requests_now"]!);
        Assert.EndsWith("; it takes no batches, because of NO_CONSENT: consent.batch is false, needs true", (string)explained["summary"]!, StringComparison.Ordinal);
        var forBatch = VehicleReasons.ForBatch(_router.State.Vehicles.Values.Single(), null, _router.Now, _router.State.Fleet.Settings);
        Assert.Contains(forBatch, reason => reason.Detail.EndsWith("permits interactive requests only now, because of NO_CONSENT: consent.batch is false, needs true", StringComparison.Ordinal));
    }

    [Fact]
    public void One_that_drains_since_nothing_is_allowed_any_more_names_the_signal_its_value_and_the_limit()
    {
        var explained = Explain(Load(OwnerConsent.Nothing, Low(42, age: 20)) with { IsLeaving = true });
        Assert.Contains($"permits nothing now, because of LOW_CHARGE: {Verdicts.Charge} is 42, needs at least 50", (string)explained["summary"]!, StringComparison.Ordinal);
        var denial = Assert.Single(explained["denials"]!.AsArray())!;
        Assert.Equal((Verdicts.Charge, "all", 20.0), ((string)denial["signal"]!, (string)denial["denies"]!, (double)denial["age_s"]!));
    }

    [Fact]
    public void One_that_operators_drained_says_until_when_and_by_whom()
    {
        var drain = Low(42)[0] with { Code = ReasonCodes.OperatorDrain, Rule = ReasonCodes.OperatorDrain, Path = "", Value = "in force until noon, asked for by ann" };
        var explained = Explain(Load(OwnerConsent.Nothing, [drain]) with { IsHeld = true });
        Assert.Equal(
            "it gets no requests now: an operator drained it (in force until noon, asked for by ann): 'mesh resume V-1' takes that back",
            (string)explained["summary"]!);
    }

    [Fact]
    public void Of_many_rules_a_sentence_names_some_and_counts_the_rest()
    {
        var denials = Enumerable.Range(0, 5).Select(i => Low(42)[0] with { Code = $"RULE_{i}", Rule = $"RULE_{i}" }).ToImmutableArray();
        Assert.EndsWith("; and 2 more", Told(denials).Because(batch: true), StringComparison.Ordinal);
        Assert.Equal(5, Explain(Load(OwnerConsent.Nothing, denials))["denials"]!.AsArray().Count);
    }

    /// <summary>A vehicle of an older version says nothing, which is not that nothing denies work.</summary>
    [Fact]
    public void Of_one_that_tells_no_rules_none_are_known()
    {
        var explained = Explain(Load(new OwnerConsent(false, true), null));
        Assert.True(explained.ContainsKey("denials"));
        Assert.Null(explained["denials"]);
        Assert.Null(explained["denials_told_at"]);
        Assert.Contains("'mesh explain' at the vehicle's own pbm port says by which rules", (string)explained["summary"]!, StringComparison.Ordinal);
        Assert.Empty(Explain(Load(OwnerConsent.Everything, []), "V-2")["denials"]!.AsArray());
    }

    [Fact]
    public void A_request_that_waits_counts_the_rules_that_deny_requests_now()
    {
        _router.Open("V-1", load: Load(OwnerConsent.Nothing, [.. Low(42), .. Hot]).ForInteractive);
        _router.Open("V-2", load: Load(OwnerConsent.Nothing, Low(40)).ForInteractive);
        // What denies batches alone keeps no request waiting.
        _router.Open("V-3", load: (Load(new OwnerConsent(true, false), Missing(WorkKinds.Batch)) with { IsHeld = true, Draining = true }).ForInteractive);
        var found = new GetRequest(_router.Submit(), "").Answer(_router.View);
        var explained = RequestDocument.Of(found.Report!, found, 1, "akka.tcp://mesh@seed:1", ToldAt);
        Assert.Equal(["LOW_CHARGE 2", "BATTERY_HOT 1"], explained["denied_now"]!.AsArray().Select(denied => $"{denied!["code"]} {denied["vehicles"]}"));
        Assert.EndsWith("; owners' rules that deny requests now: LOW_CHARGE at 2, BATTERY_HOT at 1", (string)explained["summary"]!, StringComparison.Ordinal);
    }

    private JsonObject Explain(VehicleLoad load, string vehicle = "V-1")
    {
        _router.Open(vehicle, load: load.ForInteractive);
        var found = new GetVehicle(new VehicleId(vehicle)).Answer(_router.View);
        return VehicleDocument.Explain(found.View!, found.Reasons, ToldAt);
    }

    private static VehicleLoad Load(OwnerConsent consent, ImmutableArray<Denial>? denials) =>
        RouterDriver.Load() with { Consent = consent, Denials = denials is { } told ? Told(told) : null };

    private static ToldDenials Told(ImmutableArray<Denial> denials) => ToldDenials.Of(RuleTelling.ToWire(denials), ToldAt);

    private static ImmutableArray<Denial> Low(double charge, double age = 0) => Verdicts.Judge(Verdicts.But(Verdicts.Charge, charge), now: age).Denials;

    private static ImmutableArray<Denial> Hot => Verdicts.Judge(Verdicts.But(Verdicts.Battery + "Temperature.Max", 60)).Denials;

    private static ImmutableArray<Denial> Missing(WorkKinds kinds) =>
        Verdicts.Judge(Verdicts.Tell(0), Verdicts.Consenting with { Consent = new ConsentPolicy { Kinds = WorkKinds.All & ~kinds, Models = ["*"] } }).Denials;
}
