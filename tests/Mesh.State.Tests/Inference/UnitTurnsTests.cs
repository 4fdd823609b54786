using Mesh.Node.Inference;

namespace Mesh.State.Tests.Inference;

public sealed class UnitTurnsTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly UnitTurns _turns = new(quiet: Second, patience: Second * 60);

    [Fact]
    public void Lines_that_keep_being_ended_wait_for_a_quiet_moment_until_one_is_finished()
    {
        _turns.Preempted(Second);
        _turns.Preempted(Second * 2);
        Assert.Equal(TimeSpan.Zero, _turns.StartFrom);
        _turns.Preempted(Second * 3);
        Assert.Equal(Second * 4, _turns.StartFrom);
        _turns.InteractiveEnded(Second * 9);
        Assert.Equal(Second * 10, _turns.StartFrom);
        _turns.StartAnew();
        Assert.Equal(TimeSpan.Zero, _turns.StartFrom);
    }

    [Fact]
    public void Patience_counts_from_the_first_time_that_lines_came_second_and_starts_anew_with_a_finished_one()
    {
        _turns.InteractiveEnded(Second);
        Assert.Null(_turns.GiveUpAt);
        _turns.CameSecond(Second * 2);
        _turns.Preempted(Second * 9);
        Assert.Equal(Second * 62, _turns.GiveUpAt);
        _turns.StartAnew();
        Assert.Null(_turns.GiveUpAt);
        _turns.Preempted(Second * 70);
        Assert.Equal(Second * 130, _turns.GiveUpAt);
    }
}
