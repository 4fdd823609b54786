using Mesh.Hosting.Downing;
using Mesh.Seed.Health;

namespace Mesh.State.Tests.Health;

public sealed class HealthRulesTests
{
    private static readonly HealthFacts Well = new()
    {
        IsMember = true,
        RouterHeardAt = At(99),
        Majority = new SeedMajority(true, 3, 3),
        MajorityHeardAt = At(99),
        Vehicles = (2, 2),
    };

    [Fact]
    public void A_seed_with_everything_is_ready() => Assert.Same(HealthReport.Well, HealthRules.Judge(Well, At(100)));

    [Fact]
    public void Without_vehicles_it_is_degraded_and_ready_so_that_vehicles_can_find_it()
    {
        AssertDegraded(Well with { Vehicles = (0, 0) }, "no vehicle is connected to this seed");
        AssertDegraded(Well with { Vehicles = (0, 4) }, "none of the 4 connected vehicles takes requests now");

        static void AssertDegraded(HealthFacts facts, string message)
        {
            var report = HealthRules.Judge(facts, At(100));
            Assert.Equal(HealthStatus.Degraded, report.Status);
            Assert.True(report.IsReady);
            Assert.Equal(new HealthReason(HealthCodes.Vehicles, message), Assert.Single(report.Reasons));
        }
    }

    [Theory]
    [InlineData(1, 90, true)] // Once is no loss, however long ago.
    [InlineData(2, 97.1, true)] // Twice, in less than the patience.
    [InlineData(2, 97, false)]
    [InlineData(9, 50, false)]
    public void A_journal_is_lost_when_it_has_failed_more_than_once_and_for_a_while(int failures, double since, bool ready)
    {
        var report = HealthRules.Judge(Well with { Journal = new JournalState(failures, At(since), "no answer") }, At(100));
        Assert.Equal(ready, report.IsReady);
        Assert.Equal(ready ? [] : [HealthCodes.Journal], report.Reasons.Select(reason => reason.Code));
    }

    [Theory]
    [InlineData(97.1, 7, true)] // It may be in office again in a moment.
    [InlineData(97d, 7, false)]
    [InlineData(90d, 7, false)] // Failed, and nobody was heard of but itself: an answer of its own was under way.
    [InlineData(90d, 6, false)] // As was one of its predecessor.
    [InlineData(90d, 8, true)] // A successor, here or at another seed, has written its term.
    [InlineData(null, 7, true)]
    public void A_job_router_that_failed_here_is_missed_until_a_successor_is_heard_of(double? failedAt, long termHeard, bool ready)
    {
        var facts = Well with { RouterHeardAt = At(99), RouterTerm = termHeard, RouterFailure = failedAt is { } at ? new RouterFailure(At(at), 7) : null };
        Assert.Equal(ready, HealthRules.Judge(facts, At(100)).IsReady);
    }

    [Theory]
    [InlineData(null, false, "has not answered yet")]
    [InlineData(70.1, true, "")]
    [InlineData(70d, false, "has not answered for 30 s")]
    public void A_silent_job_router_is_missed_after_longer_than_a_take_over_takes(double? heardAt, bool ready, string words)
    {
        var report = HealthRules.Judge(Well with { RouterHeardAt = heardAt is { } heard ? At(heard) : null }, At(100));
        Assert.Equal(ready, report.IsReady);
        if (!ready)
        {
            Assert.Equal(HealthCodes.Router, Assert.Single(report.Reasons).Code);
            Assert.EndsWith(words, report.Reasons[0].Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_minority_is_not_ready()
    {
        var report = HealthRules.Judge(Well with { Majority = new SeedMajority(false, 1, 3) }, At(100));
        Assert.Equal(
            new HealthReason(HealthCodes.Majority, "this seed reaches 1 of the region's 3 seeds, itself included: no majority"),
            Assert.Single(report.Reasons));
    }

    [Theory]
    [InlineData(70.1, true)]
    [InlineData(70d, false)]
    [InlineData(null, true)] // Nobody has counted yet: the seed has just started.
    public void A_majority_that_nobody_counts_any_more_is_not_claimed_for_ever(double? countedAt, bool ready)
    {
        var facts = Well with { MajorityHeardAt = countedAt is { } at ? At(at) : null };
        var report = HealthRules.Judge(facts, At(100));
        Assert.Equal(ready, report.IsReady);
        if (!ready)
        {
            Assert.Equal(
                new HealthReason(HealthCodes.Majority, "the region's seeds have not been counted here for 30 s: whether this seed reaches a majority is not known"),
                Assert.Single(report.Reasons));
        }

        // As it leaves nobody counts, and that is no reason of its own.
        Assert.Equal([HealthCodes.Leaving], HealthRules.Judge(facts with { IsLeaving = true }, At(100)).Reasons.Select(reason => reason.Code));
    }

    [Fact]
    public void A_minority_stays_one_until_another_count_says_otherwise() =>
        Assert.False(HealthRules.Judge(Well with { Majority = new SeedMajority(false, 1, 3), MajorityHeardAt = At(1) }, At(100)).IsReady);

    [Fact]
    public void Every_reason_is_told_and_has_a_code_that_is_known()
    {
        var worst = new HealthFacts
        {
            Journal = new JournalState(5, At(10), "no answer"),
            Majority = new SeedMajority(false, 1, 3),
        };
        var joining = HealthRules.Judge(worst, At(100));
        var leaving = HealthRules.Judge(worst with { IsLeaving = true }, At(100));
        Assert.Equal(HealthStatus.NotReady, joining.Status);
        Assert.Equal(HealthCodes.All.Except([HealthCodes.Leaving]).Order(), joining.Reasons.Select(reason => reason.Code).Order());
        Assert.Equal(HealthCodes.All.Except([HealthCodes.Joining]).Order(), leaving.Reasons.Select(reason => reason.Code).Order());
    }

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);
}
