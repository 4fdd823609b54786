using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Mesh.Demo;
using Mesh.Demo.Processes;

namespace Mesh.Process.Tests.Churn;

/// <summary>Asks one seed for one picture after another, a few a second, and keeps what went wrong.</summary>
internal sealed class SteadyLoad : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _failures = [];
    private readonly Task _running;
    private int _answered;

    public SteadyLoad(SeedProcess seed, byte[] body)
    {
        Seed = seed;
        _running = RunAsync(new Uri(seed.Http, "/v2/models/fashion_cnn/infer"), body);
    }

    public SeedProcess Seed { get; }

    public int Answered => Volatile.Read(ref _answered);

    public IReadOnlyCollection<string> Failures => _failures;

    /// <summary>May be called again: one load ends before the others.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_running.IsCompleted)
            return;
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private async Task RunAsync(Uri address, byte[] body)
    {
        using var http = LoopbackHttp.NewClient();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var content = new ByteArrayContent(body);
                using var response = await http.PostAsync(address, content, _stop.Token);
                if (response.StatusCode == HttpStatusCode.OK)
                    Interlocked.Increment(ref _answered);
                else
                    _failures.Enqueue($"{DateTime.UtcNow:HH:mm:ss.fff} {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
                await pace.WaitForNextTickAsync(_stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (HttpRequestException e)
            {
                _failures.Enqueue($"{DateTime.UtcNow:HH:mm:ss.fff} {e.Message}");
            }
        }
    }
}
