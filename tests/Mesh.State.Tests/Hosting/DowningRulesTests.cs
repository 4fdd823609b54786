using Mesh.Hosting.Downing;
using Mesh.Messages;

namespace Mesh.State.Tests.Hosting;

public sealed class DowningRulesTests
{
    [Fact]
    public void A_majority_downs_a_silent_seed_7_s_after_it_was_last_heard_and_not_before()
    {
        var region = new DowningRegion(seeds: 3);
        region.Hear(0, "S2");
        Assert.Empty(region.Until(6.9, hear: ["S0", "S1"]).Down);
        var down = Assert.Single(region.Until(7, hear: ["S0", "S1"]).Down);
        Assert.Equal(DowningRegion.Seed("S2"), down.Node);
        Assert.Equal("seed unheard of for 7 s", down.Reason);
    }

    [Fact]
    public void A_minority_downs_itself_5_s_after_the_majority_became_unreachable_and_not_before()
    {
        var region = new DowningRegion(seeds: 3);
        region.Hear(0, "S1", "S2");
        Assert.Null(region.Until(6.9, hear: ["S0"]).DownSelf);
        var verdict = region.Until(7, hear: ["S0"]);
        Assert.Equal("this seed has reached no majority of the 3 seeds for 5 s", verdict.DownSelf);
        Assert.Empty(verdict.Down);
    }

    [Fact]
    public void A_seed_knows_that_it_is_in_a_minority_as_soon_as_the_others_are_unreachable()
    {
        var region = new DowningRegion(seeds: 3);
        region.Hear(0, "S1", "S2");
        region.Until(1.9, hear: ["S0"]);
        Assert.Equal(new SeedMajority(true, 3, 3), region.Majority);
        region.Until(2, hear: ["S0"]);
        Assert.Equal(new SeedMajority(false, 1, 3), region.Majority);
        region.Hear(2.5, "S2");
        region.Until(2.5, hear: ["S0"]);
        Assert.Equal(new SeedMajority(true, 2, 3), region.Majority);
    }

    [Fact]
    public void A_minority_that_hears_of_the_majority_again_in_time_goes_on()
    {
        var region = new DowningRegion(seeds: 3);
        region.Hear(0, "S1", "S2");
        Assert.Null(region.Until(6.5, hear: ["S0"]).DownSelf);
        region.Hear(6.6, "S1");
        Assert.Null(region.Until(13, hear: ["S0", "S1"]).DownSelf);
        // Alone again: the five seconds count anew.
        Assert.Null(region.Until(19.5, hear: ["S0"]).DownSelf);
        Assert.NotNull(region.Until(20.1, hear: ["S0"]).DownSelf);
    }

    [Theory]
    [InlineData("S0", null)]
    [InlineData("S1", "this seed has reached no majority of the 2 seeds for 5 s")]
    public void Of_two_halves_the_one_with_the_first_address_survives(string self, string? end)
    {
        var region = new DowningRegion(seeds: 2, self: self);
        region.Hear(0, "S0", "S1");
        var verdict = region.Until(7.1, hear: [self]);
        Assert.Equal(end, verdict.DownSelf);
        Assert.Equal(end is null ? 1 : 0, verdict.Down.Count);
    }

    [Fact]
    public void Before_a_seed_is_downed_a_seed_that_only_it_could_reach_has_downed_itself()
    {
        // What lets singletons move at once: the two sides of a partition never both have one.
        var (majority, minority) = (new DowningRegion(seeds: 3), new DowningRegion(seeds: 3, self: "S2"));
        majority.Hear(0, "S2");
        minority.Hear(0, "S0", "S1");
        for (var at = 0.5; ; at += 0.5)
        {
            var (here, there) = (majority.Until(at, hear: ["S0", "S1"]), minority.Until(at, hear: ["S2"]));
            Assert.True(here.Down.Count == 0 || there.DownSelf is not null, $"downed at {at} s, while its own side went on");
            if (here.Down.Count > 0)
                break;
        }
    }

    [Fact]
    public void A_single_seed_never_downs_itself()
    {
        var region = new DowningRegion(seeds: 1);
        Assert.Null(region.Until(3600, hear: []).DownSelf);
    }

    [Fact]
    public void A_seed_that_is_not_a_member_yet_decides_nothing()
    {
        var rules = new DowningRules(DowningRegion.Seed("S0"), new DowningSettings());
        rules.MembersChanged([DowningRegion.SeedMember("S1"), DowningRegion.Vehicle(1, 1)], TimeSpan.Zero);
        Assert.Same(DowningVerdict.Nothing, rules.Decide(TimeSpan.FromHours(1)));
    }

    [Fact]
    public void A_seed_still_joining_neither_counts_nor_acts()
    {
        var region = new DowningRegion(seeds: 3, self: "S2", counting: 2);
        region.Hear(0, "S0", "S1");
        region.Join(0, DowningRegion.Vehicle(1, 1));
        Assert.Empty(region.Until(60, hear: ["S0", "S1"]).Down);

        // Two count and both are silent: S2 alone is no majority of them.
        Assert.NotNull(region.Until(70, hear: ["S2"]).DownSelf);
    }

    [Theory]
    [InlineData("S0", true)]
    [InlineData("S1", false)]
    [InlineData("S2", false)]
    public void Verdicts_come_from_one_seed_only(string self, bool acts)
    {
        var region = new DowningRegion(seeds: 3, self: self);
        region.Join(0, DowningRegion.Vehicle(1, 1));
        region.Until(30, hear: ["S0", "S1", "S2"]);
        Assert.Equal(acts, region.Verdict.Down.Count == 1);
    }

    [Fact]
    public void When_the_acting_seed_is_silent_the_next_one_acts()
    {
        var region = new DowningRegion(seeds: 3, self: "S1");
        region.Hear(0, "S0", "S2");
        Assert.Empty(region.Until(6.9, hear: ["S1", "S2"]).Down);
        Assert.Equal([DowningRegion.Seed("S0")], region.Until(7, hear: ["S1", "S2"]).Down.Select(down => down.Node));
    }

    [Fact]
    public void A_vehicle_is_downed_3_s_after_its_stream_was_last_reported_and_not_before()
    {
        var region = new DowningRegion(seeds: 3);
        var vehicle = DowningRegion.Vehicle(1, 1);
        region.Join(0, vehicle);
        region.HearStreams(10, "S1", vehicle);
        Assert.Empty(region.Until(12.9, hear: ["S0", "S1", "S2"]).Down);
        var down = Assert.Single(region.Until(13, hear: ["S0", "S1", "S2"]).Down);
        Assert.Equal((vehicle.Node, "no reachable seed has had the work stream of V-1 for 3 s"), down);
    }

    /// <summary>A suspended machine: its own clock jumps, and the reports of that time are still unread.</summary>
    [Fact]
    public void A_seed_that_stood_still_downs_nobody_for_the_silence_of_that_time()
    {
        var vehicle = DowningRegion.Vehicle(1, 1);
        var rules = new DowningRules(DowningRegion.Seed("S0"), new DowningSettings());
        var seeds = new[] { "S0", "S1", "S2" }.Select((name, age) => new ClusterMember(DowningRegion.Seed(name), null, Counts: true, age));
        rules.MembersChanged([.. seeds, vehicle], TimeSpan.Zero);
        Assert.Same(DowningVerdict.Nothing, rules.Decide(TimeSpan.FromSeconds(1)));
        Assert.Same(DowningVerdict.Nothing, rules.Decide(TimeSpan.FromSeconds(600)));
        Assert.Same(DowningVerdict.Nothing, rules.Decide(TimeSpan.FromSeconds(600.5)));
    }

    [Fact]
    public void A_newcomer_has_30_s_to_open_its_first_stream()
    {
        var region = new DowningRegion(seeds: 1);
        region.Join(100, DowningRegion.Vehicle(1, 1));
        Assert.Empty(region.Until(129.9, hear: ["S0"]).Down);
        Assert.Equal("V-1 joined 30 s ago and opened no work stream", Assert.Single(region.Until(130, hear: ["S0"]).Down).Reason);
    }

    [Fact]
    public void A_superseded_session_is_downed_at_once_and_the_newer_one_stays()
    {
        var region = new DowningRegion(seeds: 1);
        var (old, newer) = (DowningRegion.Vehicle(1, 5), DowningRegion.Vehicle(1, 6));
        region.Join(0, old);
        region.HearStreams(10, "S0", old);
        region.Join(10, newer);
        var down = Assert.Single(region.Until(10, hear: ["S0"]).Down);
        Assert.Equal((old.Node, "session 5 of V-1 was superseded by session 6"), down);
    }

    [Fact]
    public void Its_own_reports_do_not_save_a_superseded_session()
    {
        var region = new DowningRegion(seeds: 1);
        var (old, newer) = (DowningRegion.Vehicle(1, 5), DowningRegion.Vehicle(1, 6));
        region.Join(0, newer, old);
        region.HearStreams(1, "S0", old, newer);
        Assert.Equal([old.Node], region.Until(1, hear: ["S0"]).Down.Select(down => down.Node));
    }

    [Fact]
    public void Eight_of_ten_vehicles_dying_at_once_down_no_seed()
    {
        var region = new DowningRegion(seeds: 3);
        var vehicles = Enumerable.Range(1, 10).Select(i => DowningRegion.Vehicle(i, 1)).ToArray();
        region.Join(0, vehicles);
        region.HearStreams(0, "S1", vehicles);
        for (var at = 0.5; at < 60; at += 0.5)
        {
            region.HearStreams(at, "S1", vehicles[..2]);
            var verdict = region.Until(at, hear: ["S0", "S1", "S2"]);
            Assert.Null(verdict.DownSelf);
            Assert.Equal(at < 3 ? [] : vehicles[2..].Select(v => v.Node), verdict.Down.Select(d => d.Node));
        }
    }

    [Fact]
    public void A_restarted_seed_is_another_member_and_its_former_self_goes()
    {
        var region = new DowningRegion(seeds: 3);
        var restarted = new ClusterMember(DowningRegion.Seed("S2") with { Uid = 99 }, null, Counts: false, Age: 9);
        region.Join(0, restarted);
        var down = region.Until(7, hear: ["S0", "S1"], alsoHear: restarted.Node).Down;
        Assert.Equal([DowningRegion.Seed("S2")], down.Select(d => d.Node));
    }

    [Fact]
    public void A_report_of_somebody_unknown_changes_nothing()
    {
        var region = new DowningRegion(seeds: 1);
        region.HearStreams(0, "S9", DowningRegion.Vehicle(3, 3));
        region.Join(1, DowningRegion.Vehicle(3, 2));
        Assert.Empty(region.Until(2, hear: ["S0"]).Down);
    }

    [Fact]
    public void A_vehicle_that_lives_but_that_a_member_has_not_reached_for_20_s_is_downed_and_not_before()
    {
        var region = new DowningRegion(seeds: 3);
        var (mute, well) = (DowningRegion.Vehicle(1, 1), DowningRegion.Vehicle(2, 1));
        region.Join(0, mute, well);
        region.Until(10, [mute, well], unreachable: [mute.Node]);
        // It was reached for a moment.
        region.Until(10.5, [mute, well], unreachable: []);
        region.Until(30.5, [mute, well], unreachable: [mute.Node]);
        Assert.False(region.HasDownedAnybody);
        var down = Assert.Single(region.Until(31, [mute, well], unreachable: [mute.Node]).Down);
        Assert.Equal((mute.Node, "V-1 has its work stream, but another member has not reached it for 20 s"), down);
    }

    [Fact]
    public void Of_many_such_vehicles_one_goes_every_5_s_the_longest_unreached_first()
    {
        var region = new DowningRegion(seeds: 3);
        var vehicles = Enumerable.Range(1, 4).Select(i => DowningRegion.Vehicle(i, 1)).ToArray();
        region.Join(0, vehicles);
        region.Until(0.5, vehicles, unreachable: [vehicles[2].Node]);
        List<(double At, NodeAddress Node)> downed = [];
        for (var at = 1.0; at <= 40; at += 0.5)
        {
            foreach (var (node, _) in region.Until(at, vehicles, unreachable: [.. vehicles.Select(vehicle => vehicle.Node)]).Down)
            {
                downed.Add((at, node));
                region.Leave(at, vehicles.First(vehicle => vehicle.Node == node));
            }
        }

        Assert.Equal([20.5, 25.5, 30.5, 35.5], downed.Select(down => down.At));
        Assert.Equal(vehicles[2].Node, downed[0].Node);
        Assert.Equal(4, downed.Select(down => down.Node).Distinct().Count());
    }

    [Theory]
    [InlineData("S0", true)] // One seed acts.
    [InlineData("S1", false)]
    [InlineData("S2", false)]
    public void One_seed_downs_it(string self, bool acts)
    {
        var region = new DowningRegion(seeds: 3, self: self);
        var vehicle = DowningRegion.Vehicle(1, 1);
        region.Join(0, vehicle);
        region.Until(25, [vehicle], unreachable: [vehicle.Node]);
        Assert.Equal(acts, region.HasDowned(vehicle.Node));
    }

    [Fact]
    public void A_vehicle_without_a_stream_yet_has_its_grace_however_unreached()
    {
        var region = new DowningRegion(seeds: 3);
        var vehicle = DowningRegion.Vehicle(1, 1);
        region.Join(0, vehicle);
        region.Until(29.5, [], unreachable: [vehicle.Node]);
        Assert.False(region.HasDownedAnybody);
    }

    [Theory]
    [InlineData("S0", "S1", true)] // Not the one that acts for vehicles, but the older of the two.
    [InlineData("S1", "S2", true)]
    [InlineData("S1", "S0", false)]
    [InlineData("S2", "S1", false)]
    public void Of_two_seeds_that_live_and_do_not_reach_each_other_the_older_downs_the_younger_after_20_s(string self, string other, bool acts)
    {
        var region = new DowningRegion(seeds: 3, self: self);
        region.Until(19.5, [], unreachable: [], mute: [DowningRegion.Seed(other)]);
        Assert.False(region.HasDownedAnybody);
        var verdict = region.Until(20, [], unreachable: [], mute: [DowningRegion.Seed(other)]);
        Assert.Null(verdict.DownSelf);
        Assert.Equal(
            acts ? [(DowningRegion.Seed(other), "seed lives, but this one and it have not reached each other for 20 s")] : [],
            verdict.Down);
    }

    /// <summary>Vehicles' failure detectors are among those that say who is unreachable.</summary>
    [Fact]
    public void That_somebody_does_not_reach_a_seed_is_no_reason_to_down_it()
    {
        var region = new DowningRegion(seeds: 3);
        region.Until(120, [], unreachable: [DowningRegion.Seed("S1"), DowningRegion.Seed("S2")]);
        Assert.False(region.HasDownedAnybody);
    }

    [Fact]
    public void While_this_seed_itself_stood_still_nobody_was_mute()
    {
        var region = new DowningRegion(seeds: 3);
        var vehicle = DowningRegion.Vehicle(1, 1);
        region.Join(0, vehicle);
        region.Until(1, [vehicle], unreachable: [vehicle.Node], mute: [DowningRegion.Seed("S1")]);
        region.StandStill(60);
        region.Until(79, [vehicle], unreachable: [vehicle.Node], mute: [DowningRegion.Seed("S1")]);
        Assert.False(region.HasDownedAnybody);
        region.Until(81, [vehicle], unreachable: [vehicle.Node], mute: [DowningRegion.Seed("S1")]);
        Assert.True(region.HasDowned(vehicle.Node) && region.HasDowned(DowningRegion.Seed("S1")));
    }

    [Fact]
    public void What_was_noted_after_a_standstill_is_not_put_into_the_future()
    {
        var region = new DowningRegion(seeds: 3);
        region.Until(1, [], unreachable: []);
        region.StandStill(60);
        region.Observed(60, DowningRegion.Seed("S1"));
        // From the first question after it.
        region.Until(80, [], unreachable: [], mute: [DowningRegion.Seed("S1")]);
        Assert.False(region.HasDownedAnybody);
        region.Until(80.5, [], unreachable: [], mute: [DowningRegion.Seed("S1")]);
        Assert.True(region.HasDowned(DowningRegion.Seed("S1")));
    }

    [Fact]
    public void A_seed_that_another_one_hears_is_not_lost()
    {
        var region = new DowningRegion(seeds: 3);
        for (var at = 0.5; at <= 10; at += 0.5)
        {
            region.HearOf(at, "S2", ("S1", 0.4));
            Assert.Equal(DowningVerdict.Nothing, region.Until(at, ["S0", "S2"]));
        }

        // From then on nobody hears it: 7 s later, as for any other.
        var silence = 0.4;
        for (var at = 10.5; at <= 16.5; at += 0.5)
        {
            region.HearOf(at, "S2", ("S1", silence += 0.5));
            Assert.Equal(DowningVerdict.Nothing, region.Until(at, ["S0", "S2"]));
        }

        region.HearOf(17, "S2", ("S1", silence + 0.5));
        Assert.Equal(DowningRegion.Seed("S1"), Assert.Single(region.Until(17, ["S0", "S2"]).Down).Node);
    }

    [Fact]
    public void A_seed_that_reaches_no_majority_of_those_that_live_goes_itself()
    {
        var region = new DowningRegion(seeds: 3);
        region.Until(0.5, [], unreachable: []);
        for (var at = 1.0; at < 21; at += 0.5)
        {
            region.Observed(at, DowningRegion.Seed("S1"), DowningRegion.Seed("S2"));
            Assert.Equal(DowningVerdict.Nothing, region.Until(at, ["S0", "S1", "S2"]));
        }

        region.Observed(21, DowningRegion.Seed("S1"), DowningRegion.Seed("S2"));
        var verdict = region.Until(21, ["S0", "S1", "S2"]);
        Assert.Equal("2 of the 3 seeds live, but this one and they have not reached each other for 20 s", verdict.DownSelf);
        Assert.Empty(verdict.Down);
    }

    [Fact]
    public void A_vehicle_whose_next_session_is_as_mute_is_left_alone_for_10_minutes()
    {
        var region = new DowningRegion(seeds: 3);
        var (first, second) = (DowningRegion.Vehicle(1, 1), DowningRegion.Vehicle(1, 2));
        region.Join(0, first);
        region.Until(20.5, [first], unreachable: [first.Node]);
        Assert.True(region.HasDowned(first.Node));
        region.Leave(21, first);
        region.Join(22, second);
        region.Until(620, [second], unreachable: [second.Node]);
        Assert.False(region.HasDowned(second.Node));
        region.Until(621, [second], unreachable: [second.Node]);
        Assert.True(region.HasDowned(second.Node));
    }

    /// <summary>As when the older one does not watch it.</summary>
    [Fact]
    public void A_seed_that_does_not_reach_an_older_one_downs_nobody_and_ends_itself_after_40_s()
    {
        var region = new DowningRegion(seeds: 5, self: "S2");
        NodeAddress[] mute = [DowningRegion.Seed("S1"), DowningRegion.Seed("S3")];
        region.Until(39.5, [], unreachable: [], mute);
        Assert.False(region.HasDownedAnybody);
        var verdict = region.Until(40, [], unreachable: [], mute);
        Assert.Equal("this seed and an older one, which lives, have not reached each other for 40 s", verdict.DownSelf);
        Assert.Empty(verdict.Down);
    }

    [Fact]
    public void A_seed_whose_reports_alone_do_not_arrive_is_mute_too()
    {
        var region = new DowningRegion(seeds: 3);
        for (var at = 0.5; at <= 19.5; at += 0.5)
        {
            region.HearOf(at, "S2", ("S1", 0.4));
            Assert.Equal(DowningVerdict.Nothing, region.Until(at, ["S0", "S2"]));
        }

        region.HearOf(20, "S2", ("S1", 0.4));
        Assert.Equal(DowningRegion.Seed("S1"), Assert.Single(region.Until(20, ["S0", "S2"]).Down).Node);
    }

    /// <summary>Every pair of connections between seeds that may be cut at once, with the rules of all seeds: the verdicts of the first moment.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void Whatever_pairs_are_mute_a_majority_stays_where_the_cuts_leave_one(int seeds)
    {
        var pairs = Enumerable.Range(0, seeds).SelectMany(a => Enumerable.Range(a + 1, seeds - a - 1).Select(b => (a, b))).ToArray();
        for (var cut = 1; cut < 1 << pairs.Length; cut++)
        {
            var mute = pairs.Where((_, i) => (cut & (1 << i)) != 0).ToList();
            var gone = new HashSet<NodeAddress>();
            for (var self = 0; self < seeds; self++)
            {
                var others = mute.Where(pair => pair.a == self || pair.b == self).Select(pair => DowningRegion.Seed($"S{pair.a + pair.b - self}")).ToArray();
                if (others.Length * 2 > seeds)
                {
                    gone.Add(DowningRegion.Seed($"S{self}")); // It hears no majority: it has ended after 7 s.
                    continue;
                }

                var region = new DowningRegion(seeds, self: $"S{self}");
                gone.UnionWith(region.Until(20.5, [], unreachable: [], mute: others).Down.Select(down => down.Node));
                Assert.False(region.HasEnded);
            }

            Assert.NotEmpty(gone);
            // One pair costs one seed; and never more than the other end of each cut.
            Assert.True(gone.Count <= mute.Count, $"{seeds} seeds, cuts {string.Join(' ', mute)}: {string.Join(' ', gone)}");
            if (mute.Count == 1)
                Assert.Equal(DowningRegion.Seed($"S{mute[0].b}"), Assert.Single(gone));
        }
    }
}
