using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mesh.Messages;
using Mesh.Node.Inference;

namespace Mesh.State.Tests.Inference;

public sealed class JobQueueTests
{
    private static readonly ArtifactHash[] Models = [.. "abc".Select(letter => new ArtifactHash(new string(letter, 64)))];

    [Fact]
    public void Priority_goes_before_deadline_and_deadline_before_arrival()
    {
        var queue = new JobQueue(10, 1000, 10);
        QueuedJob[] jobs =
        [
            Job(arrival: 0, priority: 0, budget: 1), Job(arrival: 1, priority: 2, budget: 1), Job(arrival: 2, priority: 1, budget: 9),
            Job(arrival: 3, priority: 1, budget: 5), Job(arrival: 4, priority: 1, budget: 5), Job(arrival: 5, priority: uint.MaxValue, budget: 0),
        ];
        foreach (var job in jobs)
            Assert.True(queue.TryAdd(job));

        Assert.Equal([3, 4, 2, 1, 5, 0], TakeAll(queue).Select(job => job.Arrival));
    }

    [Fact]
    public void The_bounds_hold_for_ready_and_parked_jobs_together()
    {
        var queue = new JobQueue(3, 100, 2);
        Assert.True(queue.TryAdd(Job(arrival: 0, bytes: 10)));
        Assert.True(queue.TryPark(Job(arrival: 1, bytes: 10)));
        Assert.False(queue.TryAdd(Job(arrival: 2, bytes: 81)));
        Assert.True(queue.TryPark(Job(arrival: 3, bytes: 80)));
        Assert.False(queue.TryAdd(Job(arrival: 4)));
        Assert.Equal((3, 100L), (queue.Count, queue.Bytes));
    }

    [Fact]
    public void Too_many_jobs_of_one_model_do_not_fill_the_queue_while_it_loads()
    {
        var queue = new JobQueue(10, 100, 1);
        Assert.True(queue.TryPark(Job(arrival: 0)));
        Assert.False(queue.TryPark(Job(arrival: 1)));
        Assert.True(queue.TryPark(Job(arrival: 2, model: 1)));
    }

    [Fact]
    public void A_job_larger_than_the_bound_is_admitted_alone()
    {
        var queue = new JobQueue(10, 100, 10);
        Assert.True(queue.TryAdd(Job(arrival: 0, bytes: 500)));
        Assert.False(queue.TryAdd(Job(arrival: 1)));
        Assert.Equal(0, Take(queue)!.Arrival);
        Assert.Equal(0, queue.Bytes);
        Assert.True(queue.TryAdd(Job(arrival: 2)));
    }

    [Fact]
    public void A_job_without_a_deadline_never_expires_and_never_overflows()
    {
        var job = new QueuedJob(new InferenceJob(Reference(0), [], [], TimeSpan.MaxValue, 0, null!, _ => { }), TimeSpan.FromDays(1), 0);
        var queue = new JobQueue(1, 1, 1);
        queue.TryAdd(job);
        Assert.Empty(queue.RemoveExpired(TimeSpan.FromDays(10_000)));
        Assert.Equal(TimeSpan.MaxValue, queue.NextDeadline);
    }

    /// <summary>Against a plain list that sorts and counts anew each time.</summary>
    [Property(MaxTest = 300)]
    public Property Any_sequence_of_operations_agrees_with_a_plain_list() =>
        Prop.ForAll(Gen.Choose(0, 1_000_000).ArrayOf().ToArbitrary(), operations =>
        {
            var queue = new JobQueue(8, 60, 3);
            var waiting = new List<(QueuedJob Job, bool Parked)>();
            var arrival = 0L;
            foreach (var seed in operations)
                Step(queue, waiting, seed, ref arrival);
        });

    private static void Step(JobQueue queue, List<(QueuedJob Job, bool Parked)> waiting, int seed, ref long arrival)
    {
        var model = seed / 10 % Models.Length;
        switch (seed % 10)
        {
            case < 5:
                var job = Job(arrival++, (uint)(seed / 30 % 4), seed / 120 % 7, seed / 840 % 30, model);
                var parked = seed % 10 < 2;
                var room = waiting.Count < 8 && (waiting.Count == 0 || waiting.Sum(other => other.Job.Bytes) + job.Bytes <= 60)
                    && (!parked || waiting.Count(other => other.Parked && other.Job.Model == Models[model]) < 3);
                Assert.Equal(room, parked ? queue.TryPark(job) : queue.TryAdd(job));
                if (room)
                    waiting.Add((job, parked));
                break;
            case 5:
                var next = waiting.Where(other => !other.Parked).Select(other => other.Job)
                    .OrderBy(other => other.Rank).ThenBy(other => other.Deadline).ThenBy(other => other.Arrival).FirstOrDefault();
                Assert.Same(next, Take(queue));
                waiting.RemoveAll(other => other.Job == next);
                break;
            case 6:
                var now = TimeSpan.FromSeconds(seed / 30 % 8);
                var expired = waiting.Where(other => other.Job.Deadline <= now).Select(other => other.Job).ToHashSet();
                Assert.True(expired.SetEquals(queue.RemoveExpired(now)));
                waiting.RemoveAll(other => expired.Contains(other.Job));
                break;
            case 7:
                var woken = queue.Unpark(Models[model]).ToHashSet();
                Assert.True(woken.SetEquals(waiting.Where(other => other.Parked && other.Job.Model == Models[model]).Select(other => other.Job)));
                for (var i = 0; i < waiting.Count; i++)
                    waiting[i] = (waiting[i].Job, waiting[i].Parked && !woken.Contains(waiting[i].Job));
                break;
            case 8 when waiting.Count > 0:
                var victim = waiting[seed / 30 % waiting.Count].Job;
                Assert.True(queue.Remove(victim));
                Assert.False(queue.Remove(victim));
                waiting.RemoveAll(other => other.Job == victim);
                break;
            case 9:
                var failed = queue.RemoveParked(Models[model]);
                Assert.Equal(waiting.RemoveAll(other => other.Parked && other.Job.Model == Models[model]), failed.Count);
                break;
        }

        Assert.Equal(waiting.Count, queue.Count);
        Assert.Equal(waiting.Count(other => !other.Parked), queue.ReadyCount);
        Assert.Equal(waiting.Sum(other => other.Job.Bytes), queue.Bytes);
        Assert.Equal(waiting.Count == 0 ? null : waiting.Min(other => other.Job.Deadline), queue.NextDeadline);
    }

    private static IEnumerable<QueuedJob> TakeAll(JobQueue queue)
    {
        while (Take(queue) is { } job)
            yield return job;
    }

    private static QueuedJob? Take(JobQueue queue) => queue.Take(TimeSpan.Zero, _ => RunLimits.Alone, TimeSpan.Zero, out _)?.Single();

    private static QueuedJob Job(long arrival, uint priority = 0, int budget = 1, int bytes = 0, int model = 0) => new(
        new InferenceJob(Reference(model), [new RawTensor([bytes], new byte[bytes])], [], TimeSpan.FromSeconds(budget), priority, null!, _ => { }),
        TimeSpan.Zero,
        arrival);

    private static ModelReference Reference(int model) => new($"m{model}", "1", Models[model], 1);
}
