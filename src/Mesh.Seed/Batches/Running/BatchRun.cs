using System.Collections.Concurrent;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Messages.Work;
using Mesh.Seed.Batches.Lines;
using Mesh.Seed.Batches.Storage;
using Mesh.Seed.Models;
using Mesh.Seed.WorkStreams;

namespace Mesh.Seed.Batches.Running;

/// <summary>What a run works with.</summary>
internal sealed record RunParts(
    IBlobStore Blobs,
    ModelRepository Models,
    WorkStreamRegistry Streams,
    BatchLimits Limits,
    BatchSettings Settings,
    TimeSpan DefaultTimeout,
    BatchMetrics Metrics,
    TimeProvider Time);

/// <summary>
/// Carries out one batch on the JobRouter's seed: reads the input through, sends units' lines within each vehicle's window,
/// gathers results into output lines, writes them in groups, has them recorded and acknowledges them after that. Its loop
/// alone claims lines; senders and writes run beside it. Any failure ends it with <see cref="RunFailed"/>. No payload leaves it
/// but to the blob store and the work streams.
/// </summary>
#pragma warning disable CA1001 // Its tasks may use what it owns after Close; none of that needs to be disposed.
internal sealed partial class BatchRun
#pragma warning restore CA1001
{
    private readonly RunParts _parts;
    private readonly BatchOffice _office;
    private readonly OpenRun _open;
    private readonly CancellationTokenSource _ending = new();
    private readonly RunInbox _inbox = new();
    private readonly ConcurrentDictionary<long, TaskCompletionSource> _confirmations = new();
    private readonly Dictionary<int, (int Count, string Error)> _failures = [];
    private string _lastError = "";
    private int _failed;
    private LineIndex _index = LineIndex.Start;
    private volatile ServedModel? _model;

    public BatchRun(RunParts parts, BatchOffice office, OpenRun open)
    {
        (_parts, _office, _open) = (parts, office, open);
        _gathering = new Gathering();
    }

    public string Batch => _open.Batch;

    /// <summary>Null while it is away, and when nothing is to be run.</summary>
    private ServedModel? Model => _model;

    private BlobReference Input => _open.Input.Parts[0];

    private CancellationToken Ending => _ending.Token;

    public void Start() => _ = GuardAsync(Task.Run(RunAsync));

    public void Adopt(AdoptUnit adopt) => Register(new UnitRun(this, adopt.Unit, adopt.Vehicle, adopt.Lines, null, null) { StartedAt = _parts.Time.GetUtcNow() });

    public void StartUnit(StartUnit start)
    {
        var stream = _parts.Streams.Find(start.Stream.Value);
        var window = stream is null ? null : _office.Windows.GetOrAdd(stream.Id, _ => new StreamWindow());
        var unit = new UnitRun(this, start.Unit, start.Vehicle, start.Lines, stream, window) { StartedAt = _parts.Time.GetUtcNow() };
        Register(unit);
        if (stream is not null)
            _ = GuardAsync(Task.Run(() => SendAsync(unit)));
    }

    /// <summary>Something to be done.</summary>
    public void Post(object control) => _inbox.Add(control);

    /// <summary>From a stream's thread. False when this is more than a sound peer sends.</summary>
    public bool TryOffer(UnitArrival arrival) => _inbox.TryAdd(arrival);

    public void Confirm(long ticket)
    {
        if (_confirmations.TryRemove(ticket, out var confirmation))
            confirmation.TrySetResult();
    }

    public void Close()
    {
        _ending.Cancel();
        _inbox.Complete();
        foreach (var unit in _office.Units.Values.Where(unit => unit.Run == this))
        {
            _office.Units.TryRemove(KeyValuePair.Create(unit.Number, unit));
            unit.Ending.Cancel();
            unit.ReleaseAll();
        }
    }

    private void Register(UnitRun unit)
    {
        _office.LastUnit = unit.Number;
        _office.Units[unit.Number] = unit;
    }

    private async Task RunAsync()
    {
        if (!await OpenAsync())
            return;
        await GatherAsync();
    }

    private async Task<bool> OpenAsync()
    {
        if (_open is { Counted: true, Closing: true })
        {
            // Their numbers are known, and they are read from the start of the file if at all.
            Tell(new BatchScanned(_open.Run, Batch, 0, [], null));
            return true;
        }

        await using var content = await _parts.Blobs.OpenAsync(Input, 0, Ending);
        var scan = await InputFileScan.ScanAsync(content, _open.Request.Endpoint, _parts.Limits, null, Ending);
        _index = scan.Index;
        _model = _open.Closing ? null : FindModel();
        Tell(new BatchScanned(_open.Run, Batch, scan.Lines, scan.Faults, _model?.Reference));
        if (scan.Faults.Count > 0 && !_open.Counted)
            return false;
        if (_model is null && !_open.Closing)
            _ = GuardAsync(AwaitModelAsync());
        return true;
    }

    private ServedModel? FindModel() => ModelEndpoint.Find(_parts.Models, _open.Request.Endpoint);

    /// <summary>It was there when the batch was created: it is being replaced, or this seed does not have it yet.</summary>
    private async Task AwaitModelAsync()
    {
        using var timer = new PeriodicTimer(_parts.Settings.RetryPause, _parts.Time);
        do
        {
            if (FindModel() is not { } model)
                continue;
            _model = model;
            Tell(new ModelFound(_open.Run, Batch, model.Reference));
            return;
        }
        while (await timer.WaitForNextTickAsync(Ending));
    }

    /// <summary>Reads lines of the input, in ascending order; the reader stands at each in turn.</summary>
    private async IAsyncEnumerable<LineReader> ReadAsync(
        IReadOnlyList<LineRange> ranges, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        Stream? content = null;
        LineReader? reader = null;
        try
        {
            foreach (var range in ranges)
            {
                var (line, offset) = _index.Before(range.First);
                if (reader is null || line > reader.Index + 1)
                {
                    reader?.Dispose();
                    await (content?.DisposeAsync() ?? default);
                    content = await _parts.Blobs.OpenAsync(Input, offset, cancellation);
                    reader = new LineReader(content, _parts.Limits.MaxLineBytes, line, offset);
                }

                while (reader.Index < range.First + range.Count - 1)
                {
                    if (!await reader.ReadAsync(cancellation))
                        throw new InvalidDataException($"the input file ends before line {range.First + range.Count}");
                    if (reader.Index >= range.First)
                        yield return reader;
                }
            }
        }
        finally
        {
            reader?.Dispose();
            await (content?.DisposeAsync() ?? default);
        }
    }

    private void Tell(IDeskCommand command) => _office.Tell(command);

    private async Task GuardAsync(Task work)
    {
        try
        {
            await work;
        }
#pragma warning disable CA1031 // Whatever it is: the run ends, and another one is tried.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (!_ending.IsCancellationRequested)
                Fail(e);
        }
    }

    private void Fail(Exception e)
    {
        if (Interlocked.Exchange(ref _failed, 1) == 0)
            Tell(new RunFailed(_open.Run, Batch, $"{e.GetType().Name}: {e.Message}"));
    }

    /// <summary>A line of a unit that the seed itself found wanting.</summary>
    private sealed record Refused(UnitRun Unit, BadLine? Bad, int Line, string? CustomId, string Reason);

    private sealed record FlushDue
    {
        public static FlushDue Instance { get; } = new();
    }
}

/// <summary>Results of a unit as they came from its vehicle.</summary>
internal sealed record UnitArrival(UnitRun Unit, WorkStreamConnection Stream, UnitResults Results)
{
    public int Bytes { get; } = Results.CalculateSize();
}

/// <summary>No more of the unit is to be taken.</summary>
internal sealed record UnitOver(ulong Unit, UnitEnd How);
