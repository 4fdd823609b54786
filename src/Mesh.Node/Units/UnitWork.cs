using Mesh.Messages;
using Mesh.Messages.Work;
using Mesh.Node.Inference;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Units;

/// <summary>
/// Batches' work units on this vehicle. Takes lines from the work streams, feeds the engine a few at a time, keeps each result
/// until it is acknowledged, and sends them to whichever stream announced the highest term. Lives as long as the process, so
/// that a result outlives its stream and its session. Thread-safe; no method blocks. The engine is called outside the lock.
/// </summary>
public sealed partial class UnitWork
{
    /// <summary>Lines in the engine's queue, whatever its number of threads.</summary>
    private const int MaxStarted = 256;

    private readonly IInferenceEngine _engine;
    private readonly TimeProvider _time;
    private readonly ILogger<UnitWork> _logger;
    private readonly UnitResultStore _kept;
    private readonly int _maxStarted;
    private readonly long _origin;
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, LinkedListNode<OpenUnit>> _units = [];
    private readonly LinkedList<OpenUnit> _order = new();
    private TaskCompletionSource? _acknowledged;
    private UnitPort? _home;
    private ulong _term;
    private int _started;
    private bool _draining;
    private bool _feeding;

    public UnitWork(IInferenceEngine engine, UnitWorkOptions options, TimeProvider time, ILogger<UnitWork> logger)
    {
        (_engine, _time, _logger) = (engine, time, logger);
        _kept = new UnitResultStore(options.MaxKeptLines, options.MaxKeptBytes, options.MaxAge);
        _maxStarted = Math.Min(MaxStarted, engine.Status.Threads * options.LinesPerThread);
        _origin = time.GetTimestamp();
    }

    private TimeSpan Now => _time.GetElapsedTime(_origin);

    /// <summary>Its stream is over: lines that came over it and do not run yet are dropped. Results wait for the next one.</summary>
    public void Detach(UnitPort stream)
    {
        List<UnitJob> started;
        lock (_lock)
        {
            started = Drop(_order.Where(unit => unit.Origin == stream));
            if (_home == stream)
                _home = null;
            TellAcknowledged();
        }

        Withdraw(started);
    }

    /// <summary>What a frame says of units. A cancel goes before lines of its unit in the same frame: they are not run at all.</summary>
    /// <param name="models">By the stream's handles.</param>
    public void Take(UnitPort stream, SeedFrame frame, IReadOnlyDictionary<uint, ModelReference> models)
    {
        if (frame.Term != 0)
            Announce(stream, frame.Term);
        foreach (var ack in frame.UnitAcks)
            Acknowledge(ack);
        foreach (var unit in frame.UnitCancels)
            Cancel(unit);
        foreach (var lines in frame.UnitLines)
        {
            if (!frame.UnitCancels.Contains(lines.Unit))
                Take(stream, lines, models.GetValueOrDefault(lines.Model));
        }
    }

    /// <summary>
    /// The region's JobRouter is at the other end, in this term. Lines of lower terms that do not run yet are dropped, every kept
    /// result is sent, then that all was told. A lower term than one seen before is passed over.
    /// </summary>
    public void Announce(UnitPort stream, ulong term)
    {
        List<UnitJob> started;
        lock (_lock)
        {
            if (term < _term)
            {
                LogLowerTerm(term, _term);
                return;
            }

            started = EnterTerm(stream, term);
            foreach (var key in _kept.Keys)
                stream.Send(key);
            stream.Send(0, UnitState.UnitToldAll, "");
        }

        Withdraw(started);
    }

    /// <summary>Takes lines, or refuses them with a notice.</summary>
    /// <param name="model">Null: the stream announced no such model.</param>
    public void Take(UnitPort stream, UnitLines message, ModelReference? model)
    {
        List<UnitJob> started = [];
        lock (_lock)
        {
            if (message.Term == 0 || message.Term < _term)
            {
                stream.Send(message.Unit, UnitState.UnitRefused, $"term {message.Term} is over: term {_term} is in office");
                return;
            }

            if (message.Term > _term || _home != stream)
                started = EnterTerm(stream, message.Term);
            if (!stream.IsClosed(message.Unit, message.Last) && Open(stream, message, model) is { } unit)
                started.AddRange(Add(unit, message));
        }

        Withdraw(started);
        Feed();
    }

    /// <summary>These lines' results are durable.</summary>
    public void Acknowledge(UnitAck ack)
    {
        lock (_lock)
        {
            foreach (var line in ack.Lines)
                _kept.Remove(new UnitLineKey(ack.Unit, line));
            TellAcknowledged();
        }

        Feed();
    }

    /// <summary>Lines that do not run yet are dropped, running ones ended, results forgotten.</summary>
    public void Cancel(ulong number)
    {
        List<UnitJob> started = [];
        lock (_lock)
        {
            _kept.RemoveUnit(number);
            TellAcknowledged();
            if (_units.TryGetValue(number, out var node))
            {
                node.Value.Cancelled = true;
                started = Drop([node.Value]);
            }
        }

        foreach (var line in started)
            line.Job?.Cancel();
        Feed();
    }

    /// <summary>
    /// While draining no unit is taken; each is handed back as soon as none of its lines runs.
    /// </summary>
    public void SetDraining(bool draining)
    {
        List<UnitJob> started = [];
        lock (_lock)
        {
            _draining = draining;
            foreach (var unit in draining ? _order.ToArray() : [])
                started.AddRange(Return(unit, "the vehicle is leaving"));
        }

        Withdraw(started);
        Feed();
    }

    /// <summary>Completes when no result is kept for the stream that wants them: all acknowledged, or no such stream.</summary>
    public Task WhenAcknowledgedAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_kept.Lines == 0 || _home is null)
                return Task.CompletedTask;
            _acknowledged ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _acknowledged.Task.WaitAsync(cancellation);
        }
    }

    /// <summary>For the stream's writer: adds results and notices to a frame, a little at a time.</summary>
    public void Fill(UnitPort stream, VehicleFrame frame)
    {
        lock (_lock)
            stream.Fill(frame, _kept);
    }

    /// <summary>Under the lock. Returns what is to be withdrawn from the engine.</summary>
    private List<UnitJob> EnterTerm(UnitPort stream, ulong term)
    {
        if (_kept.RemoveOld(Now) is > 0 and var old)
            LogForgotten(old);
        (_term, _home) = (term, stream);
        return Drop(_order.Where(unit => unit.Term < term));
    }

    /// <summary>Under the lock. The unit that a message belongs to; null when it is not taken.</summary>
    private OpenUnit? Open(UnitPort stream, UnitLines message, ModelReference? model)
    {
        if (_units.TryGetValue(message.Unit, out var node))
            return node.Value;
        var refusal = _draining ? "the vehicle is leaving"
            : model is null ? $"the seed announced no model with handle {message.Model}"
            : HasRoom(stream, message) ? null
            : BeyondWindow;
        if (refusal is not null)
        {
            stream.Close(message.Unit, message.Last);
            stream.Send(message.Unit, UnitState.UnitRefused, refusal);
            return null;
        }

        var unit = new OpenUnit(message.Unit, message.Term, model!, stream);
        _units.Add(unit.Number, _order.AddLast(unit));
        return unit;
    }

    private static string BeyondWindow =>
        $"beyond the window of {WorkProtocol.UnitWindowLines} lines or {WorkProtocol.UnitWindowBytes} bytes";

    private static bool HasRoom(UnitPort stream, UnitLines message)
    {
        var bytes = message.Lines.Sum(line => (long)line.Inputs.Bytes());
        // A message without lines, which only says that it was the last, takes no room: its unit may fill the window alone.
        return message.Lines.Count == 0
            || (stream.Lines + message.Lines.Count <= WorkProtocol.UnitWindowLines
                && (stream.Lines == 0 || stream.Bytes + bytes <= WorkProtocol.UnitWindowBytes));
    }

    /// <summary>Under the lock. Returns what is to be withdrawn from the engine.</summary>
    private List<UnitJob> Add(OpenUnit unit, UnitLines message)
    {
        unit.Last |= message.Last;
        if (unit.Returning is not null)
            return []; // They go back with the others.
        if (!HasRoom(unit.Origin, message))
            return Return(unit, BeyondWindow);
        foreach (var line in message.Lines)
        {
            var key = new UnitLineKey(unit.Number, line.Line);
            if (_kept.Find(key) is not null)
            {
                unit.Origin.Send(key);
                continue;
            }

            var job = new UnitJob(line);
            unit.Waiting.AddLast(job);
            unit.Origin.Lines++;
            unit.Origin.Bytes += job.Bytes;
        }

        CloseIfDone(unit);
        return [];
    }

    /// <summary>Under the lock. Forgets units; their lines in the engine are returned, to be withdrawn outside the lock.</summary>
    private List<UnitJob> Drop(IEnumerable<OpenUnit> units)
    {
        var started = new List<UnitJob>();
        foreach (var unit in units.ToArray())
        {
            ReleaseWaiting(unit);
            unit.Dropped = true;
            started.AddRange(unit.Started);
            Forget(unit);
        }

        return started;
    }

    private static void Withdraw(List<UnitJob> started)
    {
        foreach (var line in started)
            line.Job?.CancelUnlessRunning();
    }

    /// <summary>
    /// Under the lock. Its lines without a result go back to the seed once none of them runs. Returns what is to be withdrawn
    /// from the engine.
    /// </summary>
    private List<UnitJob> Return(OpenUnit unit, string reason)
    {
        if (unit.Dropped || unit.Returning is not null)
            return [];
        unit.Returning = reason;
        ReleaseWaiting(unit);
        CloseIfDone(unit);
        return [.. unit.Started];
    }

    /// <summary>Under the lock. A unit goes when all its lines have a result, or when it is to go back and none of them runs.</summary>
    private void CloseIfDone(OpenUnit unit)
    {
        if (unit.Dropped || unit.Started.Count > 0)
            return;
        if (unit.Returning is { } reason)
        {
            unit.Origin.Close(unit.Number, unit.Last);
            unit.Origin.Send(unit.Number, UnitState.UnitHandedBack, reason);
            Drop([unit]);
        }
        else if (unit is { Last: true, Waiting.Count: 0 })
        {
            Forget(unit);
        }
    }

    private void Forget(OpenUnit unit)
    {
        if (_units.Remove(unit.Number, out var node))
            _order.Remove(node);
    }

    private static void ReleaseWaiting(OpenUnit unit)
    {
        foreach (var line in unit.Waiting)
            Release(unit, line);
        unit.Waiting.Clear();
    }

    /// <summary>Under the lock. The line needs no room any more.</summary>
    private static void Release(OpenUnit unit, UnitJob line)
    {
        unit.Origin.Lines--;
        unit.Origin.Bytes -= line.Bytes;
    }

    /// <summary>Under the lock.</summary>
    private void TellAcknowledged()
    {
        if (_acknowledged is null || (_kept.Lines > 0 && _home is not null))
            return;
        _acknowledged.TrySetResult();
        _acknowledged = null;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A seed announced term {Term}, but term {Current} is in office: passed over")]
    private partial void LogLowerTerm(ulong term, ulong current);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} results of work units were never acknowledged and are too old: forgotten")]
    private partial void LogForgotten(int count);
}
