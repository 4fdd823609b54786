using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Core;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Messages.Work;
using Mesh.Seed.WorkStreams;

namespace Mesh.Actors.Tests.Batches;

/// <summary>
/// A vehicle's end of a work stream, without a network: "runs" lines at once (the answer is the line's first value, ten
/// times), keeps results until they are acknowledged, and sends them again when a term is announced.
/// </summary>
internal sealed class UnitVehicle(string id) : IServerStreamWriter<SeedFrame>
{
    private readonly ConcurrentDictionary<(ulong Unit, int Line), UnitLineResult> _kept = new();
    private readonly Lock _lock = new();
    private BatchSeed? _seed;
    private ulong _term;
    private ulong _epoch;
    private int _ran;

    public WorkStreamConnection Stream { get; private set; } = null!;

    public WriteOptions? WriteOptions { get; set; }

    /// <summary>Results that nobody acknowledged yet.</summary>
    public int Kept => _kept.Count;

    public int Ran => Volatile.Read(ref _ran);

    /// <summary>Number of the first unit that it was given.</summary>
    public ulong FirstUnit { get; private set; }

    /// <summary>What to answer a line with; the line itself is given. Default: OK.</summary>
    public Func<UnitLine, AttemptStatus> Judge { get; set; } = _ => AttemptStatus.AttemptOk;

    /// <summary>It runs lines and keeps their results, but says nothing: as if the network swallowed it.</summary>
    public bool IsMute { get; set; }

    /// <summary>Completes once it has run so many lines.</summary>
    public int Expected { get; init; } = int.MaxValue;

    /// <summary>Completes with the number of the first unit that it was told to drop.</summary>
    public TaskCompletionSource<ulong> Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource RanExpected { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Connect(BatchSeed seed)
    {
        _seed = seed;
        var epoch = ++_epoch;
        var session = new StreamSession(
            new VehicleId(id), new SessionEpoch(epoch), new NodeAddress($"akka.tcp://mesh@{id}:1", (int)epoch), default, "test");
        Stream = new WorkStreamConnection(seed.Streams.NextId(), session, () => { });
        var status = new VehicleStatus { Credits = 4, Threads = 1 };
        Assert.Null(seed.Streams.TryRegister(Stream, () => seed.Feed.Opened(Stream, status)));
        _ = Stream.WriteAsync(this, CancellationToken.None);
    }

    public void Disconnect(DepartureKind kind = DepartureKind.Vanished)
    {
        _seed!.Streams.Unregister(Stream);
        _seed.Work.StreamClosed(Stream);
        _seed.Feed.Closed(Stream, kind);
        Stream.Abort();
    }

    public Task WriteAsync(SeedFrame message)
    {
        lock (_lock)
        {
            if (message.Term > _term)
                _term = message.Term;
            if (message.Term != 0 && message.Term == _term && !IsMute)
            {
                TellKept();
                _seed!.Work.UnitNoticed(Stream, new UnitNotice { State = UnitState.UnitToldAll });
            }

            foreach (var ack in message.UnitAcks)
            {
                foreach (var line in ack.Lines)
                    _kept.TryRemove((ack.Unit, (int)line), out _);
            }

            foreach (var unit in message.UnitCancels)
                Cancelled.TrySetResult(unit);
            foreach (var lines in message.UnitLines.Where(lines => lines.Term >= _term))
                Run(lines);
        }

        return Task.CompletedTask;
    }

    /// <summary>Sends everything that it keeps once more.</summary>
    public void TellKept()
    {
        foreach (var unit in _kept.GroupBy(kept => kept.Key.Unit))
            _seed!.Work.UnitResultsArrived(Stream, new UnitResults { Unit = unit.Key, Results = { unit.Select(kept => kept.Value.Clone()) } });
    }

    /// <summary>Sends one of the results that it keeps once more.</summary>
    public void TellKept(ulong unit, int line) =>
        _seed!.Work.UnitResultsArrived(Stream, new UnitResults { Unit = unit, Results = { _kept[(unit, line)].Clone() } });

    /// <summary>A result that somebody else was asked for.</summary>
    public void TellForeign(ulong unit, int line) => _seed!.Work.UnitResultsArrived(
        Stream, new UnitResults { Unit = unit, Results = { new UnitLineResult { Line = (uint)line, Status = AttemptStatus.AttemptOk } } });

    private void Run(UnitLines lines)
    {
        FirstUnit = FirstUnit == 0 ? lines.Unit : FirstUnit;
        var results = new UnitResults { Unit = lines.Unit };
        foreach (var line in lines.Lines)
        {
            var status = Judge(line);
            var result = new UnitLineResult { Line = line.Line, Status = status, InferUs = 10, Error = status == AttemptStatus.AttemptOk ? "" : "why" };
            if (status == AttemptStatus.AttemptOk)
            {
                var answer = Enumerable.Repeat(MemoryMarshal.Read<float>(line.Inputs[0].Data.Span), 10).ToArray();
                result.Outputs.Add(new TensorData { Shape = { 1, 10 }, Data = ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(answer)) });
            }

            _kept[(lines.Unit, (int)line.Line)] = result;
            results.Results.Add(result.Clone());
            if (Interlocked.Increment(ref _ran) == Expected)
                RanExpected.TrySetResult();
        }

        if (!IsMute && results.Results.Count > 0)
            _seed!.Work.UnitResultsArrived(Stream, results);
    }
}
