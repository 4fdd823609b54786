using System.Buffers;
using Mesh.Messages;
using Mesh.Node.Inference;
using static Mesh.State.Tests.Inference.JoinedRuns;

namespace Mesh.State.Tests.Inference;

/// <summary>Unit lines on one thread with interactive jobs, by a clock that the tests drive.</summary>
public sealed class PreemptionTests : IDisposable
{
    private static readonly TimeSpan Way = TimeSpan.FromMilliseconds(2 * 5) + TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1) + TimeSpan.FromMilliseconds(1);
    private static readonly RawTensor[] Once = [EngineHarness.Floats(3), EngineHarness.Scalar(1)];

    private readonly ManualTime _time = new();
    private readonly EngineHarness _harness;

    public PreemptionTests() => _harness = new EngineHarness(time: _time);

    public void Dispose() => _harness.Dispose();

    [Fact]
    public async Task However_often_a_slow_line_was_ended_the_next_interactive_job_goes_first()
    {
        var line = await StartLineAsync();
        for (var i = 0; i < 20; i++)
        {
            await HurryAsync();
            await (i < 2 ? line.StartedAsync() : line.StartedAfterQuietAsync(_time));
        }

        Assert.False(line.Job.Done.IsCompleted);
    }

    [Fact]
    public async Task A_line_that_keeps_being_ended_starts_again_only_when_no_interactive_job_ran_for_a_while()
    {
        var line = await StartLineAsync();
        await EndThreeTimesAsync(line);
        for (var i = 0; i < 3; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(0.9));
            Assert.Equal(TimeSpan.Zero, (await _harness.Submit(Loop, Once).Result).Timings.Queue);
        }

        Assert.Equal(0, line.Starts);
        await line.StartedAfterQuietAsync(_time);
    }

    [Fact]
    public async Task A_line_that_is_ended_for_a_minute_is_handed_back()
    {
        var line = await StartLineAsync();
        await EndThreeTimesAsync(line);
        await line.StartedAfterQuietAsync(_time);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(line.Job.Done.IsCompleted); // Nothing disturbs it now.
        Assert.Equal(AttemptOutcome.Ok, (await _harness.Submit(Loop, Once).Result).Outcome);
        Assert.Equal(AttemptOutcome.HandedBack, (await line.Job.Result).Outcome);

        // The next one has its own patience.
        var next = await StartLineAsync();
        await HurryAsync();
        await next.StartedAsync();
        Assert.False(next.Job.Done.IsCompleted);
    }

    [Fact]
    public async Task Lines_that_get_no_turn_for_a_minute_are_handed_back_while_interactive_jobs_run()
    {
        await _harness.Engine.LoadAsync(Loop.Model, Loop);
        var blocker = await _harness.RunForeverAsync(Loop);
        var next = new Endless(_harness, JobClass.Interactive);
        var lines = Enumerable.Range(0, 3).Select(_ => _harness.Submit(Loop, Once, jobs: JobClass.Unit)).ToArray();
        blocker.Job.Cancel();
        await next.StartedAsync();
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.All(lines, line => Assert.False(line.Done.IsCompleted));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.All(lines, line => Assert.True(line.Done.IsCompleted));
        foreach (var line in lines)
            Assert.Equal(AttemptOutcome.HandedBack, (await line.Result).Outcome);
        Assert.False(next.Job.Done.IsCompleted);
    }

    [Fact]
    public async Task A_line_that_is_slow_without_interactive_jobs_is_left_alone()
    {
        var line = await StartLineAsync();
        var behind = _harness.Submit(Loop, Once, jobs: JobClass.Unit);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.False(line.Job.Done.IsCompleted || behind.Done.IsCompleted);
        line.Job.Job.Cancel();
        Assert.Equal(AttemptOutcome.Ok, (await behind.Result).Outcome);
    }

    [Fact]
    public async Task As_many_lines_make_way_as_jobs_have_no_thread()
    {
        using var harness = new EngineHarness(new InferenceEngineOptions { Threads = 2 }, _time);
        await harness.Engine.LoadAsync(Loop.Model, Loop);
        var line = await harness.RunForeverAsync(Loop, jobs: JobClass.Unit);
        _time.Advance(Way);
        // Both find one thread idle as they come.
        var first = harness.Submit(Loop, [EngineHarness.Floats(1), EngineHarness.Scalar(long.MaxValue)]);
        var second = harness.Submit(Loop, Once);
        Assert.Equal(AttemptOutcome.Ok, (await second.Result).Outcome);
        Assert.False(first.Done.IsCompleted || line.Done.IsCompleted);
        first.Job.Cancel();
    }

    private async Task<Endless> StartLineAsync()
    {
        await _harness.Engine.LoadAsync(Loop.Model, Loop);
        var line = new Endless(_harness, JobClass.Unit);
        await line.StartedAsync();
        return line;
    }

    /// <summary>An interactive job comes and waits until the line's time is over.</summary>
    private async Task HurryAsync()
    {
        var job = _harness.Submit(Loop, Once);
        Assert.False(job.Done.IsCompleted);
        _time.Advance(Way);
        Assert.Equal(AttemptOutcome.Ok, (await job.Result).Outcome);
    }

    private async Task EndThreeTimesAsync(Endless line)
    {
        await HurryAsync();
        await line.StartedAsync();
        await HurryAsync();
        await line.StartedAsync();
        await HurryAsync();
    }

    /// <summary>A job that runs until it is ended, and tells each time that it starts.</summary>
    private sealed class Endless : MemoryManager<byte>
    {
        private readonly SemaphoreSlim _starts = new(0);
        private readonly byte[] _content = new byte[4];

        public Endless(EngineHarness harness, JobClass jobs) =>
            Job = harness.Submit(Loop, [new RawTensor([1], Memory), EngineHarness.Scalar(long.MaxValue)], jobs: jobs);

        public Submitted Job { get; }

        /// <summary>Starts that nobody waited for.</summary>
        public int Starts => _starts.CurrentCount;

        public async Task StartedAsync() => Assert.True(await _starts.WaitAsync(EngineHarness.Patience));

        /// <summary>The engine may set its timer just after the clock was moved: then it is moved again.</summary>
        public async Task StartedAfterQuietAsync(ManualTime time)
        {
            var patience = 50;
            do
            {
                time.Advance(Quiet);
                Assert.True(patience-- > 0, "It does not start again.");
            }
            while (!await _starts.WaitAsync(TimeSpan.FromSeconds(0.5)));
        }

        public override Span<byte> GetSpan() => _content;

        public override MemoryHandle Pin(int elementIndex = 0)
        {
            _starts.Release();
            return _content.AsMemory(elementIndex).Pin();
        }

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing) => _starts.Dispose();
    }
}
