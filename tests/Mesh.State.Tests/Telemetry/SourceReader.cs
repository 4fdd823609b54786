using Mesh.Node.Telemetry;

namespace Mesh.State.Tests.Telemetry;

/// <summary>Reads a source into <see cref="VehicleTelemetry"/>, and waits for what a test expects.</summary>
internal sealed class SourceReader : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(60));
    private readonly ITelemetrySource _source;
    private readonly IAsyncEnumerator<TelemetryEvent> _events;

    public SourceReader(ITelemetrySource source)
    {
        _source = source;
        _events = source.ReadAsync(_stop.Token).GetAsyncEnumerator(_stop.Token);
    }

    public VehicleTelemetry Telemetry { get; private set; } = VehicleTelemetry.Empty;

    public List<TelemetryEvent> Happened { get; } = [];

    public int Losses => Happened.OfType<TelemetryEvent.Lost>().Count();

    /// <summary>Null at the source's end.</summary>
    public async Task<TelemetryEvent?> NextAsync()
    {
        if (!await _events.MoveNextAsync())
            return null;
        Happened.Add(_events.Current);
        Telemetry = Telemetry.Apply(_events.Current);
        return _events.Current;
    }

    /// <summary>Until an event of that kind, the next or a later one; the loss of the source must be asked for.</summary>
    public async Task<T> NextAsync<T>() where T : TelemetryEvent
    {
        while (true)
        {
            var next = await NextAsync() ?? throw new InvalidOperationException($"The source ended without {typeof(T).Name}.");
            if (next is T expected)
                return expected;
            if (next is TelemetryEvent.Lost lost)
                throw new InvalidOperationException($"No {typeof(T).Name}, but lost: {lost.Reason}");
        }
    }

    public async Task UntilAsync(Func<SourceReader, bool> holds)
    {
        while (!holds(this))
            await NextAsync();
    }

    public SignalState this[VssSignal signal] => Telemetry.At(_source.Clock.GetUtcNow())[signal];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _events.DisposeAsync();
        await _source.DisposeAsync();
        _stop.Dispose();
    }
}
