using Mesh.Demo;

namespace Mesh.Benchmarks.MainJob;

/// <summary>The whole way through the protocol with batches of 32, beside ONNX Runtime in a loop of its own.</summary>
internal sealed class ThroughputPart(Report report, BenchMesh mesh, DirectRun direct)
{
    private const int InFlight = 8;

    private readonly Figure _mesh = report.Add(Figure.Rate("mesh, fashion_cnn, batch 32, 8 in flight", "images/s"));
    private readonly Figure _direct = report.Add(Figure.Rate("direct ONNX Runtime loop, batch 32", "images/s"));
    private readonly Pictures _pictures = new(batch: 32);

    public async Task StartAsync()
    {
        await _pictures.CheckAsync(direct, mesh);
        report.Add(new Target("mesh / direct loop", Ratio.Of(_mesh, _direct), 0.85, AtLeast: true));
    }

    public async Task MeasureAsync(TimeSpan duration)
    {
        _direct.Add(_pictures.Batch * await LoadLoop.RateAsync(_pictures.Direct(direct), 1, duration));
        _mesh.Add(_pictures.Batch * await LoadLoop.RateAsync(_pictures.Through(mesh), InFlight, duration));
    }
}

/// <summary>
/// One picture at a time: what the mesh adds to the run itself, beside a bare gRPC unary echo of the same payload. The echo
/// through a relay is no target; it tells what gRPC alone takes over the mesh's two hops and three processes.
/// </summary>
internal sealed class LatencyPart(Report report, BenchMesh mesh, DirectRun direct) : IAsyncDisposable
{
    private readonly Figure _mesh = report.Add(Figure.Milliseconds("mesh, fashion_cnn, one picture at a time, p50"));
    private readonly Figure _direct = report.Add(Figure.Milliseconds("direct ONNX Runtime run of one picture, p50"));
    private readonly Figure _added = report.Add(Figure.Milliseconds("added by the mesh"));
    private readonly Figure _unary = report.Add(Figure.Milliseconds("gRPC unary echo of the same payload, p50"));
    private readonly Figure _relayed = report.Add(Figure.Milliseconds("the same echo through a relay process, p50"));
    private readonly Pictures _pictures = new(batch: 1);
    private UnaryEcho? _echo;
    private UnaryEcho? _relay;

    public async Task StartAsync()
    {
        _echo = await UnaryEcho.StartAsync();
        _relay = await UnaryEcho.StartAsync(behind: _echo);
        await _pictures.CheckAsync(direct, mesh);
        report.Add(new Target("added by the mesh / gRPC unary echo", Ratio.Of(_added, _unary), 2.5, AtLeast: false));
    }

    public async Task MeasureAsync(TimeSpan duration)
    {
        _unary.Add(await LoadLoop.MedianAsync(_echo!.Caller(new byte[_pictures.Bytes]), duration));
        _relayed.Add(await LoadLoop.MedianAsync(_relay!.Caller(new byte[_pictures.Bytes]), duration));
        _direct.Add(await LoadLoop.MedianAsync(_pictures.Direct(direct), duration));
        _mesh.Add(await LoadLoop.MedianAsync(_pictures.Through(mesh), duration));
        _added.Add(_mesh.Rounds[^1] - _direct.Rounds[^1]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_relay is not null)
            await _relay.DisposeAsync();
        if (_echo is not null)
            await _echo.DisposeAsync();
    }
}
