using Mesh.Messages.Control;
using Mesh.Seed.Batches;
using static Mesh.State.Tests.Routing.RouterDriver;

namespace Mesh.State.Tests.Batches;

/// <summary>Batches whose model or input file is away, and how they end all the same.</summary>
public sealed class BatchEndTests
{
    [Fact]
    public void A_batch_whose_model_is_away_waits_for_it()
    {
        var desk = new DeskDriver();
        desk.Connect("V-1");
        var batch = desk.Create();
        desk.Tell(new BatchScanned(desk.RunOf(batch), batch.Id, 10, [], null));
        desk.Pass(3600);
        Assert.Equal((BatchStatus.InProgress, 0), (batch.Entry.Status, desk.Units.Count));
        desk.Tell(new ModelFound(desk.RunOf(batch), batch.Id, Model()));
        Assert.NotEmpty(desk.Units);
    }

    [Theory]
    [InlineData(true, "batch_cancelled", BatchStatus.Cancelled)]
    [InlineData(false, "batch_expired", BatchStatus.Expired)]
    public void A_batch_that_ends_while_its_lines_are_counted_gives_each_of_them_its_error(bool cancelled, string code, BatchStatus status)
    {
        var desk = new DeskDriver();
        var batch = desk.Create();
        EndIt(desk, batch, cancelled);
        Assert.False(batch.IsOver);
        desk.Tell(new BatchScanned(desk.RunOf(batch), batch.Id, 10, [], null));
        var over = Assert.Single(desk.WrittenOff);
        Assert.Equal((code, false), (over.Code, over.Unread));
        Assert.Equal([new LineRange(0, 10)], over.Lines);
        desk.Write(batch, new UnitOutcomes(0, [], over.Lines));
        Assert.Equal((status, 10, 10), (batch.Entry.Status, batch.Entry.Total, batch.Entry.Failed));
        Assert.Null(batch.Entry.Times.InProgressAt);
    }

    [Fact]
    public void A_batch_that_ends_while_it_is_validated_ends_so_also_when_its_file_is_at_fault()
    {
        var desk = new DeskDriver();
        var batch = desk.Create();
        EndIt(desk, batch, cancelled: true);
        desk.Tell(new BatchScanned(desk.RunOf(batch), batch.Id, 0, [new BatchFault("empty_batch", "no lines", null, null)], null));
        Assert.Equal((BatchStatus.Cancelled, 0), (batch.Entry.Status, batch.Entry.Total));
    }

    [Theory]
    [InlineData(true, BatchStatus.Cancelled)]
    [InlineData(false, BatchStatus.Expired)]
    public void A_batch_whose_input_cannot_be_read_at_all_ends_after_some_tries(bool cancelled, BatchStatus status)
    {
        var desk = new DeskDriver();
        var batch = desk.Create();
        EndIt(desk, batch, cancelled);
        Assert.Equal(status, EndWithoutInput(desk, batch));
        Assert.Equal(0, batch.Entry.Total);
    }

    [Fact]
    public void Lines_that_are_counted_get_their_error_also_when_they_cannot_be_read_any_more_and_without_the_model()
    {
        var desk = new DeskDriver();
        var batch = desk.Begin(10);
        desk.Tell(new RunFailed(desk.RunOf(batch), batch.Id, "the model is away"));
        EndIt(desk, batch, cancelled: true);
        desk.Pass(2);
        Assert.True(desk.Effects.OfType<OpenRun>().Last() is { Counted: true, Closing: true });
        Assert.Equal(BatchStatus.Cancelled, EndWithoutInput(desk, batch));
        Assert.Equal((10, 10), (batch.Entry.Total, batch.Entry.Failed));
        Assert.True(desk.WrittenOff.Last().Unread);
        Assert.All(desk.WrittenOff.SkipLast(1), over => Assert.False(over.Unread));
    }

    [Fact]
    public void Runs_of_a_term_are_never_taken_for_those_of_another()
    {
        var (former, later) = (new DeskDriver(term: 3), new DeskDriver(term: 4));
        var run = former.RunOf(former.Create());
        var batch = later.Create();
        Assert.NotEqual(run, later.RunOf(batch));
        later.Tell(new BatchScanned(run, batch.Id, 10, [], Model()));
        Assert.Equal(BatchStatus.Validating, batch.Entry.Status);
    }

    [Fact]
    public void A_run_that_fails_again_and_again_is_tried_ever_later()
    {
        var desk = new DeskDriver();
        var batch = desk.Create();
        for (var pause = 1; pause <= 16; pause *= 2)
        {
            var run = desk.RunOf(batch);
            desk.Tell(new RunFailed(run, batch.Id, "the store is away"));
            desk.Pass(pause - 0.1);
            Assert.Equal(run, desk.RunOf(batch));
            desk.Pass(0.2);
            Assert.NotEqual(run, desk.RunOf(batch));
        }
    }

    [Fact]
    public void A_sweep_removes_a_bounded_number_of_blobs_and_the_next_goes_on()
    {
        var desk = new DeskDriver(new BatchSettings { MaxRemovals = 2 });
        for (var i = 0; i < 5; i++)
            desk.Ask(new RemoveFile(desk.AddFile()));
        desk.Pass(3600 - 1);
        Assert.Empty(desk.Effects.OfType<RemoveBlobs>());
        for (var i = 0; i < 5; i++)
            desk.Pass(60);
        Assert.Equal([2, 2, 1], desk.Effects.OfType<RemoveBlobs>().Select(remove => remove.Blobs.Count));
    }

    private static void EndIt(DeskDriver desk, Batch batch, bool cancelled)
    {
        if (cancelled)
            desk.Ask(new CancelBatch(batch.Id));
        else
            desk.Pass(TimeSpan.FromHours(25).TotalSeconds);
    }

    /// <summary>Every try to read it fails.</summary>
    private static BatchStatus EndWithoutInput(DeskDriver desk, Batch batch)
    {
        for (var i = 0; i < 20 && !batch.IsOver; i++)
        {
            var run = desk.Effects.OfType<OpenRun>().Last();
            if (run is { Counted: true, Closing: true })
                desk.Tell(new BatchScanned(run.Run, batch.Id, 0, [], null));
            if (desk.WrittenOff.LastOrDefault() is { Unread: true } over)
                desk.Write(batch, new UnitOutcomes(0, [], over.Lines));
            else
                desk.Tell(new RunFailed(run.Run, batch.Id, "there is no blob"));
            desk.Pass(64);
        }

        return batch.Entry.Status;
    }
}
