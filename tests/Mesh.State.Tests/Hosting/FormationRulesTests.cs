using Mesh.Hosting.Downing;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Membership;

namespace Mesh.State.Tests.Hosting;

public sealed class FormationRulesTests
{
    private static readonly TimeSpan Patience = FormationRules.PatienceOf(new DowningSettings());

    private readonly Dictionary<int, FormationRules> _lists = new()
    {
        [3] = Rules(seeds: 3),
        [5] = Rules(seeds: 5),
    };

    [Fact]
    public void Patience_is_longer_than_a_cut_off_minority_lives() => Assert.Equal(TimeSpan.FromSeconds(20), Patience);

    [Theory]
    [InlineData(3, 0)]
    [InlineData(5, 0)]
    [InlineData(5, 1)]
    public void Without_a_majority_of_the_list_no_region_is_formed_however_long_it_takes(int seeds, int free)
    {
        for (var second = 0; second <= 3600; second++)
        {
            Answer(seeds, second, Enumerable.Repeat(RegionMembership.None, free));
            Assert.False(_lists[seeds].Decide(At(second)).Step == FormationStep.Form);
        }

        Assert.Equal(
            $"of the region's {seeds} seeds it knows {free + 1}, itself included, to be in no region; with {(seeds / 2) + 1} it forms one",
            _lists[seeds].Decide(At(3600)).Why);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void When_all_say_that_they_are_in_none_it_is_formed_at_once(int seeds)
    {
        Answer(seeds, 0.1, Enumerable.Repeat(RegionMembership.None, seeds - 2));
        Assert.False(_lists[seeds].Decide(At(0.2)).Step == FormationStep.Form);
        Answer(seeds, 0.3, Enumerable.Repeat(RegionMembership.None, seeds - 1));
        Assert.True(_lists[seeds].Decide(At(0.4)).Step == FormationStep.Form);
    }

    [Theory]
    [InlineData(3, 1)]
    [InlineData(5, 2)]
    [InlineData(5, 3)]
    public void A_majority_waits_for_the_silent_ones_and_then_goes_without_them(int seeds, int free)
    {
        // However long it was alone before.
        const double Start = 300;
        for (var second = 0; second < Start; second++)
            Assert.NotEqual(FormationStep.Form, _lists[seeds].Decide(At(second)).Step);
        for (var second = Start; second < Start + Patience.TotalSeconds; second++)
        {
            Answer(seeds, second, Enumerable.Repeat(RegionMembership.None, free));
            var verdict = _lists[seeds].Decide(At(second));
            Assert.Equal(FormationStep.Wait, verdict.Step);
            Assert.EndsWith("it waits 20 s for the others before it forms one", verdict.Why, StringComparison.Ordinal);
        }

        Answer(seeds, Start + Patience.TotalSeconds, Enumerable.Repeat(RegionMembership.None, free));
        Assert.Equal(FormationStep.Form, _lists[seeds].Decide(At(Start + Patience.TotalSeconds)).Step);
    }

    [Fact]
    public void One_that_said_it_is_in_a_region_and_fell_silent_is_waited_for_as_long()
    {
        for (var second = 0; second <= 60; second++)
        {
            Answer(3, second, second <= 30 ? [RegionMembership.None, RegionMembership.Member] : [RegionMembership.None]);
            // Its last answer holds for 3 s.
            Assert.Equal(second >= 30 + 4 + 20 ? FormationStep.Form : FormationStep.Wait, _lists[3].Decide(At(second)).Step);
        }
    }

    [Theory]
    [InlineData(RegionMembership.Member, "another seed is in it, this one joins")]
    [InlineData(RegionMembership.Unknown, "a seed of another version does not say whether it is in it")]
    public void Where_one_is_in_a_region_or_does_not_say_no_other_is_formed(RegionMembership last, string why)
    {
        for (var second = 0; second <= 100; second++)
        {
            Answer(5, second, [RegionMembership.None, RegionMembership.None, RegionMembership.None, last]);
            Assert.Equal(new FormationVerdict(FormationStep.Wait, why), _lists[5].Decide(At(second)));
        }
    }

    [Theory]
    [InlineData(3, FormationStep.Form)]
    [InlineData(3.1, FormationStep.Wait)]
    public void An_answer_holds_for_3_s(double age, FormationStep step)
    {
        for (var second = 0; second < 60; second++)
        {
            Answer(3, second, [RegionMembership.None]);
            if (second < 20)
                _lists[3].Decide(At(second));
        }

        Assert.Equal(step, _lists[3].Decide(At(59 + age)).Step);
    }

    [Fact]
    public void Only_the_first_of_the_list_forms_one()
    {
        var rules = Rules(seeds: 3, isFirst: false);
        for (var second = 0; second <= 3600; second++)
        {
            rules.Answered(Info(0, RegionMembership.None), At(second));
            rules.Answered(Info(2, RegionMembership.None), At(second));
            Assert.Equal(
                new FormationVerdict(
                    FormationStep.Wait,
                    "of the region's 3 seeds it knows 3, itself included, to be in no region; the first of the list forms one, or any that is in it lets it join"),
                rules.Decide(At(second)));
        }
    }

    [Theory]
    [InlineData(true, 120)]
    [InlineData(false, 360)]
    public void One_that_is_not_let_in_for_2_minutes_or_hears_too_few_for_6_ends_for_its_supervisor(bool isKnown, int limit)
    {
        for (var second = 0; second <= limit; second++)
        {
            Answer(5, second, isKnown ? [RegionMembership.Member, RegionMembership.None] : [RegionMembership.None]);
            Assert.Equal(second == limit ? FormationStep.Restart : FormationStep.Wait, _lists[5].Decide(At(second)).Step);
        }
    }

    [Fact]
    public void One_that_was_alone_for_long_and_then_hears_a_region_has_2_minutes_to_be_let_in()
    {
        for (var second = 0; second <= 420; second++)
        {
            if (second >= 300)
                Answer(3, second, [RegionMembership.Member]);
            Assert.Equal(second == 420 ? FormationStep.Restart : FormationStep.Wait, _lists[3].Decide(At(second)).Step);
        }
    }

    [Fact]
    public void A_list_with_a_seed_of_another_region_is_said_to_be_wrong()
    {
        Answer(3, 60, [RegionMembership.None]);
        _lists[3].Answered(Info(2, RegionMembership.None) with { Region = new RegionName("us-east") }, At(60));
        Assert.Equal(new FormationVerdict(FormationStep.Wait, "a seed of its list is one of region 'us-east'"), _lists[3].Decide(At(60)));
    }

    private void Answer(int list, double second, IEnumerable<RegionMembership> others)
    {
        foreach (var (index, membership) in others.Index())
            _lists[list].Answered(Info(index + 1, membership), At(second));
    }

    private static SeedInfo Info(int seed, RegionMembership membership) =>
        new(new RegionName("eu-west"), new NodeAddress($"akka.tcp://mesh@seed-{seed}:4053", seed), $"http://seed-{seed}:8010", membership);

    private static FormationRules Rules(int seeds, bool isFirst = true) => new(new RegionName("eu-west"), isFirst, seeds, Patience);

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);
}
