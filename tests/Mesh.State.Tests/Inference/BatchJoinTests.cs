using Mesh.Messages;
using Mesh.Node.Inference;

namespace Mesh.State.Tests.Inference;

public sealed class BatchJoinTests
{
    private static readonly ModelReference Model = new("m", "1", new ArtifactHash(new string('a', 64)), 1) { Batching = new RunSharing(8, TimeSpan.Zero) };
    private static readonly ModelReference Other = new("n", "1", new ArtifactHash(new string('b', 64)), 1) { Batching = new RunSharing(8, TimeSpan.Zero) };
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private long _arrivals;

    [Fact]
    public void Company_joins_in_the_queues_order_until_the_batch_is_full()
    {
        var queue = Queue(Job(rows: 3), Job(rows: 4), Job(rows: 2), Job(model: Other), Job(rows: 1), Job(rows: 1));
        Assert.Equal([0, 1, 4], Arrivals(Take(queue, maxRows: 8)));
        Assert.Equal([2, 5], Arrivals(Take(queue, maxRows: 8)));
        Assert.Equal([3], Arrivals(Take(queue, maxRows: 8)));
        Assert.Equal((0, 0, 0L), (queue.Count, queue.ReadyCount, queue.Bytes));
    }

    [Fact]
    public void Other_shapes_lengths_outputs_priorities_and_classes_stay_apart()
    {
        var queue = Queue(
            Job(), Job(columns: 3), Job(bytes: 5), Job(outputs: [0]), Job(priority: 7), Job(jobs: JobClass.Unit), Job(inputs: 2), Job(rank: 1), Job());
        Assert.Equal([4], Arrivals(Take(queue)));
        Assert.Equal([0, 8], Arrivals(Take(queue)));
        foreach (var alone in (int[])[1, 2, 3, 6, 7, 5])
            Assert.Equal([alone], Arrivals(Take(queue)));
    }

    [Fact]
    public void What_has_no_first_dimension_of_its_own_runs_alone()
    {
        Assert.Equal(2, Job(rows: 2).Rows);
        Assert.Equal(0, Job(rank: 0).Rows);
        Assert.Equal(0, Job(rows: 0).Rows);
        Assert.Equal(0, Job(model: Model with { Batching = null }).Rows);
        var uneven = new InferenceJob(Model, [new([2], new byte[2]), new([3], new byte[3])], [], Second, 0, null!, _ => { });
        Assert.Equal(0, BatchJoin.RowsOf(uneven));
    }

    [Fact]
    public void A_job_larger_than_a_batch_runs_alone()
    {
        var queue = Queue(Job(rows: 20), Job(), Job());
        Assert.Equal([0], Arrivals(Take(queue)));
        Assert.Equal([1, 2], Arrivals(Take(queue)));
    }

    [Fact]
    public void Nobody_joins_who_would_cost_a_member_its_deadline()
    {
        var queue = Queue(Job(budget: 1.0), Job(rows: 2, budget: 2), Job(rows: 3, budget: 2), Job(budget: 2));
        // 0.3 s a row: with three rows the first still makes it, with more it does not.
        Assert.Equal([0, 1], Arrivals(Take(queue, cost: 0.3)));
        Assert.Equal([2, 3], Arrivals(Take(queue, cost: 0.3)));
    }

    [Fact]
    public void The_first_is_held_for_company_until_its_delay_is_over_or_the_batch_is_full()
    {
        var queue = Queue(Job(budget: 60), Job(budget: 60));
        Assert.Null(Take(queue, maxRows: 3, delay: 0.5, now: 0.4, held: 0.5));
        Assert.Equal(2, queue.ReadyCount);
        Assert.Equal([0, 1], Arrivals(Take(queue, maxRows: 3, delay: 0.5, now: 0.5)));

        var full = Queue(Job(budget: 60), Job(budget: 60), Job(budget: 60));
        Assert.Equal(3, Take(full, maxRows: 3, delay: 0.5)!.Count);
    }

    [Fact]
    public void A_deadline_ends_the_wait_for_company_in_time()
    {
        var queue = Queue(Job(budget: 1));
        Assert.Null(Take(queue, delay: 0.5, cost: 0.2, now: 0.2, held: 0.3));
        Assert.NotNull(Take(queue, delay: 0.5, cost: 0.2, now: 0.3));
    }

    [Fact]
    public void While_one_is_held_other_models_run_and_unit_lines_do_not()
    {
        var queue = Queue(Job(budget: 60), Job(model: Other, budget: 61), Job(model: Other, jobs: JobClass.Unit));
        RunLimits Limits(QueuedJob job) => new(8, job.Model == Model.Hash ? Second : TimeSpan.Zero, TimeSpan.Zero);
        Assert.Equal([1], Arrivals(queue.Take(TimeSpan.Zero, Limits, TimeSpan.Zero, out var held)));
        Assert.Equal(Second, held);
        Assert.Null(queue.Take(TimeSpan.Zero, Limits, TimeSpan.Zero, out _));
        Assert.Equal([0], Arrivals(queue.Take(Second, Limits, TimeSpan.Zero, out _)));
        Assert.Equal([2], Arrivals(queue.Take(Second, Limits, TimeSpan.Zero, out held)));
        Assert.Null(held);
    }

    [Fact]
    public void Unit_lines_wait_for_their_turn_and_nothing_interactive_does()
    {
        var queue = Queue(Job(jobs: JobClass.Unit), Job());
        Assert.Equal([1], Arrivals(Take(queue, unitsFrom: 5)));
        Assert.Null(Take(queue, now: 4, unitsFrom: 5, held: 5));
        Assert.Equal([0], Arrivals(Take(queue, now: 5, unitsFrom: 5)));
    }

    [Fact]
    public void Unit_lines_come_after_everything_interactive_and_have_room_of_their_own()
    {
        var queue = new JobQueue(2, 100, 1);
        Assert.True(queue.TryAdd(Job(jobs: JobClass.Unit, priority: 1)) && queue.TryPark(Job(jobs: JobClass.Unit)));
        Assert.False(queue.TryAdd(Job(jobs: JobClass.Unit)));
        Assert.True(queue.TryAdd(Job()) && queue.TryPark(Job()));
        Assert.False(queue.TryAdd(Job()));
        Assert.Equal([3], Arrivals(Take(queue)));
        Assert.Equal([0], Arrivals(Take(queue)));
    }

    private static IReadOnlyList<QueuedJob>? Take(
        JobQueue queue, int maxRows = 8, double delay = 0, double cost = 0, double now = 0, double? held = null, double unitsFrom = 0)
    {
        var run = queue.Take(Second * now, _ => new RunLimits(maxRows, Second * delay, Second * cost), Second * unitsFrom, out var heldUntil);
        Assert.Equal(held is { } moment ? Second * moment : null, heldUntil);
        return run;
    }

    private static IEnumerable<int> Arrivals(IReadOnlyList<QueuedJob>? run) => run!.Select(job => (int)job.Arrival);

    private static JobQueue Queue(params QueuedJob[] jobs)
    {
        var queue = new JobQueue(100, 10_000, 100);
        foreach (var job in jobs)
            Assert.True(queue.TryAdd(job));
        return queue;
    }

    private QueuedJob Job(
        int rows = 1, int columns = 2, int? bytes = null, int rank = 2, int inputs = 1, int[]? outputs = null, uint priority = 0,
        JobClass jobs = JobClass.Interactive, ModelReference? model = null, double budget = 1)
    {
        long[] shape = [.. new long[] { rows, columns, 1 }.Take(rank)];
        var tensor = new RawTensor(shape, new byte[bytes ?? (rows * columns)]);
        var job = new InferenceJob(model ?? Model, [.. Enumerable.Repeat(tensor, inputs)], outputs ?? [], Second * budget, priority, null!, _ => { })
        {
            Class = jobs,
        };
        return new QueuedJob(job, TimeSpan.Zero, _arrivals++);
    }
}
