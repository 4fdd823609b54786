namespace Mesh.Benchmarks.MainJob;

/// <summary>The work stream alone beside gRPC unary calls: many small requests, few large ones, one at a time.</summary>
internal sealed class WorkStreamPart(Report report) : IAsyncDisposable
{
    private readonly Figure _smallStream = report.Add(Figure.Rate("work stream, 200 B, 256 in flight", "/s"));
    private readonly Figure _smallUnary = report.Add(Figure.Rate("gRPC unary, 200 B, 256 in flight", "/s"));
    private readonly Figure _largeStream = report.Add(Figure.Rate("work stream, 600 kB, 8 in flight", "/s"));
    private readonly Figure _largeUnary = report.Add(Figure.Rate("gRPC unary, 600 kB, 8 in flight", "/s"));
    private readonly Figure _singleStream = report.Add(Figure.Milliseconds("work stream, 200 B, one at a time, p50"));
    private readonly Figure _singleUnary = report.Add(Figure.Milliseconds("gRPC unary, 200 B, one at a time, p50"));
    private readonly byte[] _small = new byte[200];
    private readonly byte[] _large = new byte[600_000];
    private StreamCaller? _stream;
    private UnaryEcho? _unary;

    public async Task StartAsync()
    {
        _stream = await StreamCaller.StartAsync();
        _unary = await UnaryEcho.StartAsync();
        report.Add(new Target("work stream / gRPC unary, 200 B", Ratio.Of(_smallStream, _smallUnary), 9, AtLeast: true));
        report.Add(new Target("work stream / gRPC unary, 600 kB", Ratio.Of(_largeStream, _largeUnary), 1.5, AtLeast: true));
    }

    public async Task MeasureAsync(TimeSpan duration)
    {
        _smallStream.Add(await LoadLoop.RateAsync(_stream!.Caller(_small), 256, duration));
        _smallUnary.Add(await LoadLoop.RateAsync(_unary!.Caller(_small), 256, duration));
        _largeStream.Add(await LoadLoop.RateAsync(_stream.Caller(_large), 8, duration));
        _largeUnary.Add(await LoadLoop.RateAsync(_unary.Caller(_large), 8, duration));
        _singleStream.Add(await LoadLoop.MedianAsync(_stream.Caller(_small), duration));
        _singleUnary.Add(await LoadLoop.MedianAsync(_unary.Caller(_small), duration));
    }

    public async ValueTask DisposeAsync()
    {
        if (_stream is not null)
            await _stream.DisposeAsync();
        if (_unary is not null)
            await _unary.DisposeAsync();
    }
}

internal static class Ratio
{
    /// <summary>Of the two figures in each round.</summary>
    public static IEnumerable<double> Of(Figure figure, Figure against) =>
        figure.Rounds.Zip(against.Rounds, (value, other) => value / other);
}
