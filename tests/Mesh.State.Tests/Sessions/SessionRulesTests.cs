using Mesh.Node.Sessions;

namespace Mesh.State.Tests.Sessions;

public sealed class SessionRulesTests
{
    private readonly SessionRules _rules = new(noSeedLimit: TimeSpan.FromSeconds(5), grace: TimeSpan.FromSeconds(30));

    [Fact]
    public void A_session_that_has_not_joined_goes_on_trying() => Assert.Null(_rules.Decide(At(10_000)));

    [Fact]
    public void A_newly_joined_session_has_30_s_to_open_its_first_stream()
    {
        _rules.Joined(At(100));
        _rules.Joined(At(120)); // Told once more, which extends nothing.
        Assert.Null(_rules.Decide(At(129.9)));
        Assert.Equal(SessionEnd.NoSeed, _rules.Decide(At(130)));
    }

    [Fact]
    public void A_session_without_any_stream_for_5_s_is_over()
    {
        _rules.Joined(At(0));
        _rules.StreamOpened(At(1));
        Assert.Null(_rules.Decide(At(1000)));
        _rules.StreamClosed(At(1000));
        Assert.Null(_rules.Decide(At(1004.9)));
        Assert.Equal(SessionEnd.NoSeed, _rules.Decide(At(1005)));
    }

    [Fact]
    public void One_seed_of_several_is_enough()
    {
        _rules.Joined(At(0));
        _rules.StreamOpened(At(1));
        _rules.StreamOpened(At(2));
        _rules.StreamClosed(At(3));
        Assert.Null(_rules.Decide(At(1000)));
        _rules.StreamClosed(At(1000));
        Assert.Equal(SessionEnd.NoSeed, _rules.Decide(At(1005)));
    }

    [Fact]
    public void A_stream_that_comes_back_in_time_starts_the_count_anew()
    {
        _rules.Joined(At(0));
        _rules.StreamOpened(At(1));
        _rules.StreamClosed(At(10));
        _rules.StreamOpened(At(14));
        _rules.StreamClosed(At(14.5));
        Assert.Null(_rules.Decide(At(19.4)));
        Assert.Equal(SessionEnd.NoSeed, _rules.Decide(At(19.5)));
    }

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);
}
