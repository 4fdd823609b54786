using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;

namespace Mesh.Seed.Dashboard;

/// <summary>A part of the page that is read by itself.</summary>
/// <param name="Name">The event's type in the stream.</param>
/// <param name="ReadAsync">Its content as JSON on one line.</param>
internal sealed record Panel(string Name, TimeSpan Interval, Func<CancellationToken, Task<string>> ReadAsync);

/// <summary>
/// Reads the panels while somebody looks, once for all viewers, and tells each viewer what has changed since it was last
/// told. Keeps one content for each panel: who reads slowly misses what was in between, and nobody waits for another.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Cancelled when the last viewer leaves; without a timer it holds nothing.")]
internal sealed class DashboardFeed(ImmutableArray<Panel> panels, int maxViewers, TimeProvider time)
{
    private readonly Lock _gate = new();
    private ImmutableArray<Content> _contents = [.. panels.Select(_ => default(Content))];
    private TaskCompletionSource _changed = NewSignal();
    private CancellationTokenSource? _reading;
    private long _version;
    private int _viewers;

    /// <summary>For tests: viewers at this moment.</summary>
    public int Viewers => Volatile.Read(ref _viewers);

    /// <summary>Takes a place among the viewers; null when there is none left. Give it back by disposing.</summary>
    public Viewer? Enter()
    {
        lock (_gate)
        {
            if (_viewers == maxViewers)
                return null;
            if (_viewers++ == 0)
                StartReading();
            return new Viewer(this);
        }
    }

    private void StartReading()
    {
        var reading = _reading = new CancellationTokenSource();
        foreach (var index in Enumerable.Range(0, panels.Length))
            _ = Task.Run(() => ReadAsync(index, reading), CancellationToken.None);
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (--_viewers > 0)
                return;
            _reading!.Cancel();
            _reading = null;
            // Whoever comes next is told what is then, not what was now.
            _contents = [.. panels.Select(_ => default(Content))];
        }
    }

    private async Task ReadAsync(int index, CancellationTokenSource reading)
    {
        var (_, interval, read) = panels[index];
        try
        {
            while (true)
            {
                Publish(index, await ReadOnceAsync(read, reading.Token), reading);
                await Task.Delay(interval, time, reading.Token);
            }
        }
        catch (OperationCanceledException) when (reading.IsCancellationRequested)
        {
            // The last viewer has left.
        }
    }

    /// <summary>A panel that fails shows so, and is read again.</summary>
    private static async Task<string> ReadOnceAsync(Func<CancellationToken, Task<string>> read, CancellationToken cancellation)
    {
        try
        {
            return await read(cancellation);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return ReadOnlyCommands.Error($"this cannot be told now: {e.GetType().Name}");
        }
    }

    private void Publish(int index, string json, CancellationTokenSource reading)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            if (_reading != reading || _contents[index].Json == json)
                return;
            _contents = _contents.SetItem(index, new Content(++_version, json));
            (changed, _changed) = (_changed, NewSignal());
        }

        changed.SetResult();
    }

    private (ImmutableArray<Content> Contents, Task Changed) Now()
    {
        lock (_gate)
            return (_contents, _changed.Task);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="Version">Grows with every content of any panel; 0 = not read yet.</param>
    private readonly record struct Content(long Version, string Json);

    /// <summary>One place among the viewers.</summary>
    public sealed class Viewer(DashboardFeed feed) : IDisposable
    {
        private int _hasLeft;

        /// <summary>Every panel as it is, then each change, until <paramref name="cancellation"/>; then it ends without an error.</summary>
        public async IAsyncEnumerable<SseItem<string>> EventsAsync([EnumeratorCancellation] CancellationToken cancellation)
        {
            var seen = 0L;
            while (!cancellation.IsCancellationRequested)
            {
                var (contents, changed) = feed.Now();
                var newest = seen;
                for (var i = 0; i < contents.Length; i++)
                {
                    var content = contents[i];
                    if (content.Version <= seen)
                        continue;
                    newest = Math.Max(newest, content.Version);
                    yield return new SseItem<string>(content.Json, feed.NameOf(i)) { ReconnectionInterval = TimeSpan.FromSeconds(1) };
                }

                seen = newest;
                await changed.WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _hasLeft, 1) == 0)
                feed.Leave();
        }
    }

    private string NameOf(int index) => panels[index].Name;
}
