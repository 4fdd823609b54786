using System.Collections.Concurrent;
using Mesh.Demo;
using Mesh.Demo.Processes;

namespace Mesh.Process.Tests.Meshes;

/// <summary>Clients that post one picture after another until they are stopped, and never try again.</summary>
internal sealed class PictureClients : IAsyncDisposable
{
    private const int Clients = 6;

    private readonly TestMesh _mesh;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<PictureAnswer> _answers = new();
    private readonly Lock _lock = new();
    private readonly List<(int Answers, TaskCompletionSource Done)> _milestones = [];
    private readonly Task _running;
    private int _last = -1;

    public PictureClients(TestMesh mesh)
    {
        _mesh = mesh;
        _running = Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => RunAsync()));
    }

    /// <summary>Completes once so many more requests have ended.</summary>
    public Task MoreAsync(int count)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
            _milestones.Add((_answers.Count + count, done));
        return done.Task.WaitAsync(TestMesh.Limit);
    }

    /// <summary>The vehicle that gave most of the last answers: which one the router likes best is its own affair.</summary>
    public async Task<VehicleProcess> BusiestAsync()
    {
        await MoreAsync(30);
        var name = _answers.TakeLast(30).CountBy(answer => answer.Vehicle ?? answer.Failure!).MaxBy(count => count.Value).Key;
        return _mesh.Vehicles.Single(vehicle => vehicle.Id.Value == name);
    }

    /// <summary>Lets every request end, and fails unless each was answered right.</summary>
    public async Task<IReadOnlyCollection<PictureAnswer>> StopAsync()
    {
        await _stop.CancelAsync();
        await _running.WaitAsync(TestMesh.Limit);
        foreach (var answer in _answers)
        {
            Assert.True(answer.Failure is null, $"Request {answer.Number} of {_answers.Count}: {answer.Failure}");
            Pictures.AssertAgrees(answer.Picture, answer.Probabilities);
        }

        return _answers;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.WaitAsync(TestMesh.Limit);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            // Not cancelled with the load: every request that was sent must be answered.
            _answers.Enqueue(await _mesh.ClassifyAsync(Interlocked.Increment(ref _last), CancellationToken.None));
            lock (_lock)
            {
                foreach (var (_, done) in _milestones.Where(milestone => _answers.Count >= milestone.Answers))
                    done.TrySetResult();
                _milestones.RemoveAll(milestone => milestone.Done.Task.IsCompleted);
            }
        }
    }
}
