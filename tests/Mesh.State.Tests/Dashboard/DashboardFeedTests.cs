using System.Net.ServerSentEvents;
using System.Threading.Channels;
using Mesh.Seed.Dashboard;

namespace Mesh.State.Tests.Dashboard;

public sealed class DashboardFeedTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    // What the next reading finds; a reading waits for it.
    private readonly Channel<string> _readings = Channel.CreateUnbounded<string>();
    private int _reads;

    [Fact]
    public async Task Each_viewer_is_told_what_is_and_then_what_changes()
    {
        var feed = Feed();
        using var first = feed.Enter()!;
        await using var firstEvents = EventsOf(first);
        Find("1");
        Assert.Equal(("panel", "1"), await NextAsync(firstEvents));

        using var second = feed.Enter()!;
        await using var secondEvents = EventsOf(second);
        Assert.Equal(("panel", "1"), await NextAsync(secondEvents));
        Find("1"); // Nothing new, nothing told.
        Find("2");
        Assert.Equal(("panel", "2"), await NextAsync(firstEvents));
        Assert.Equal(("panel", "2"), await NextAsync(secondEvents));
        Assert.True(_reads <= 4, $"{_reads} readings for two viewers: each had its own");
    }

    [Fact]
    public async Task Who_reads_slowly_is_told_the_newest_only()
    {
        var feed = Feed();
        using var slow = feed.Enter()!;
        using var quick = feed.Enter()!;
        await using var slowEvents = EventsOf(slow);
        await using var quickEvents = EventsOf(quick);
        Find("1");
        Assert.Equal("1", (await NextAsync(slowEvents)).Data);
        foreach (var reading in new[] { "2", "3", "4" })
        {
            Find(reading);
            do
            {
                // The quick one shows that it has been read.
            }
            while ((await NextAsync(quickEvents)).Data != reading);
        }

        Assert.Equal("4", (await NextAsync(slowEvents)).Data);
    }

    [Fact]
    public async Task Nothing_is_read_while_nobody_looks_and_a_new_viewer_is_told_nothing_old()
    {
        var feed = Feed();
        Assert.Equal(0, _reads);
        var viewer = feed.Enter()!;
        var events = EventsOf(viewer);
        Find("old");
        await NextAsync(events);
        await events.DisposeAsync();
        viewer.Dispose();
        viewer.Dispose(); // A second time changes nothing.
        Assert.Equal(0, feed.Viewers);

        using var next = feed.Enter()!;
        await using var nextEvents = EventsOf(next);
        Find("new");
        Assert.Equal("new", (await NextAsync(nextEvents)).Data);
    }

    [Fact]
    public void Places_are_bounded_and_given_back()
    {
        var feed = Feed(maxViewers: 2);
        var first = feed.Enter()!;
        using var second = feed.Enter();
        Assert.Null(feed.Enter());
        first.Dispose();
        using var third = feed.Enter();
        Assert.NotNull(third);
    }

    [Fact]
    public async Task A_stream_that_is_cancelled_ends_without_an_error()
    {
        var feed = Feed();
        using var viewer = feed.Enter()!;
        using var end = new CancellationTokenSource();
        await using var events = viewer.EventsAsync(end.Token).GetAsyncEnumerator();
        var next = events.MoveNextAsync();
        await end.CancelAsync();
        Assert.False(await next.AsTask().WaitAsync(Limit));
    }

    private DashboardFeed Feed(int maxViewers = 8) =>
        new([new Panel("panel", TimeSpan.FromMilliseconds(1), ReadAsync)], maxViewers, TimeProvider.System);

    private async Task<string> ReadAsync(CancellationToken cancellation)
    {
        Interlocked.Increment(ref _reads);
        return await _readings.Reader.ReadAsync(cancellation);
    }

    private void Find(string reading) => _readings.Writer.TryWrite(reading);

    private static IAsyncEnumerator<SseItem<string>> EventsOf(DashboardFeed.Viewer viewer) => viewer.EventsAsync(default).GetAsyncEnumerator();

    private static async Task<(string Type, string Data)> NextAsync(IAsyncEnumerator<SseItem<string>> events)
    {
        Assert.True(await events.MoveNextAsync().AsTask().WaitAsync(Limit));
        return (events.Current.EventType, events.Current.Data);
    }
}
